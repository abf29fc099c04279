"""The demo's parts; the whole of it runs in CI."""
