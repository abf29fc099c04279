"""The web app: the OAuth callback, the Apps page, run pages and Practice Activity."""
