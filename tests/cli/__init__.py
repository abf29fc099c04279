"""The `fyi-xpm` command."""
