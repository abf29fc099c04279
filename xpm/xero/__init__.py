"""Everything that speaks to Xero: OAuth, the connections list, the XPM API, the tax feed."""
