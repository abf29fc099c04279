"""Attacks on Prefect, as `fyi-xpm prefect-server` starts it. Each is refused and changes nothing."""
