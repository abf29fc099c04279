"""The home page and the control API under `/sandbox/`: everything that changes or inspects the sandbox.

Tests, the demo and people at the home page come in here; the product never does. `routes.py` lists the endpoints.
`records.py` reads and edits an account's records, `administration.py` does what happens at Xero without the app being
told, `practice_rules.py` says how a practice refuses writes, `faults_and_log.py` injects faults and shows what was
called and written, `home.py` is the page with buttons, and `record_page.py` shows one record.
"""
