"""The XPM API 3.1: `/practicemanager/3.1/`.

A call comes in at `routes.py`, passes `guarded_endpoint.py` (token, scope, connection, privilege, rate limits) and is
answered by a function of `clients.py`, `jobs.py` or `catalogues.py`. `views.py` and `render.py` turn records into
XML; `envelope.py` wraps and streams it. The tax feed uses the same guard and limits.
"""
