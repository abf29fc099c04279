"""Benchmarks: the product and its competitors, measured side by side in one run with `make bench`.

`__main__.py` runs the four measurements (`history.py`, `throughput.py`, `memory.py`, `prefect_share.py`) and writes
`RESULTS.md` with `page.py` and `plot.py`. Each timed program runs in its own process (`measured.py`): `ours.py` and
`quiet.py` for the product, `bare.py` and `general.py` for the competitors. `xero.py` is the sandbox they read from.
"""
