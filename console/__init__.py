"""The small web app: OAuth callback, the Apps page, Practice Activity."""
