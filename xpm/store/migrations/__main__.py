"""Writes a revision: `python -m xpm.store.migrations "what changes"`."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from xpm.store.engine.database import Database
from xpm.store.migrations import schema

with TemporaryDirectory() as folder:
    database = Database(f"sqlite:///{Path(folder, 'scratch.db')}")
    database.migrate()
    with database.engine.begin() as scratch:
        schema.revise(scratch, sys.argv[1])
    database.close()
