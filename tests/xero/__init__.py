"""Tests of the Xero client: OAuth, connections, XPM and the tax sources."""
