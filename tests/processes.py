"""Processes of their own for tests: forked from one that has imported the library and holds nothing open.

A process that imports all of it anew takes a second to start.
"""

import multiprocessing as mp

FORKED = mp.get_context("forkserver")
FORKED.set_forkserver_preload(["tests.pull.house", "xpm.consent.keeper", "xpm.consent.access"])
