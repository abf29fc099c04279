"""The records of an XPM account and the edits made to them.

`account.py` holds everything in one account, each kind of record in a `table.py`. `edits.py` adds, changes, archives
and deletes records as people do in XPM; the control API and many tests call it. `random_edits.py` makes a repeatable
series of edits.
"""
