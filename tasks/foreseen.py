"""Keeps tracebacks out of the runs' logs for errors that the product foresees: their sentence says what to do."""

import logging

from prefect.exceptions import FailedRun

from xpm.words import Stopped
from xpm.xero.errors import XeroError


class ForeseenErrors(logging.Filter):
    """Replaces Prefect's traceback of a foreseen error by the error's own sentence. Other errors keep theirs.

    Prefect raises `FailedRun` at the end of a worker's process for a run that itself returned how it ended.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through."""
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if isinstance(error, Stopped | XeroError | FailedRun):
            record.msg, record.args, record.exc_info = "%s", (str(error),), None
        return True


FORESEEN = ForeseenErrors()
for name in ("prefect.flow_runs", "prefect.task_runs"):  # a filter holds only for the logger that has it
    logging.getLogger(name).addFilter(FORESEEN)
