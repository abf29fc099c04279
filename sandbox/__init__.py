"""A simulated Xero over real HTTP: identity server, connections, XPM API 3.1, tax feed, and faults on demand.

`server.py` runs it and `world.py` builds what it serves; most tests need only these two. `app.py` routes a call to the
package that answers it: `identity/` (OAuth and `/connections`), `xpm/` (the XPM API), `tax_feed.py`, or `control/`
(the home page and the API that changes the world). `accounts/` holds the records of each XPM account and
`generator/` makes them. `faults.py` and `fault_middleware.py` make calls fail, `journal.py` keeps what each write
changed. `browser.py` answers a consent as a person would. Nothing here imports the rest of the repository, so a
mistake about Xero is not made twice.
"""
