"""Makes realistic, awkward records from a seed: the same seed and date give the same records.

`accounts/account.py` is the only caller. Each file makes one kind of record. `client_outlines.py` and `jobs.py` also
make outlines: the few facts that lists filter by, cheap enough to hold for every record. Full records are made when
they are asked for.
"""
