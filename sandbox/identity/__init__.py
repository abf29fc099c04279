"""The identity server: consent pages, tokens, keys and the list of connections."""
