"""The Xero client: OAuth, the connections list, the XPM API, and tax returns.

`api.py` reads XPM, `writer.py` sends it what `writes.py` builds, and `refusals.py` tells why XPM refused that.
`connections.py` lists and removes connections, `oauth/` gets tokens and `auth.py` puts them on requests, `tax/` reads
tax returns. `http/` makes one call, `xml/` parses its answer into the records of `models/`.
`errors.py` is the tree of everything that can go wrong.
"""
