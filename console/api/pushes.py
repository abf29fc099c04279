"""Starts a push, so that an edit does not wait for the next one."""

import logging

from fastapi import BackgroundTasks

from console.api.gate import Program
from console.runs import NotDeployed, RunsUnavailable
from console.throttle import Limit


def start_push(program: Program, afterwards: BackgroundTasks) -> None:
    """Start a push of the practice once the request is answered.

    Not if many were started within a minute: one that runs sends what comes meanwhile, and one starts every five
    minutes in any case.
    """
    if program.throttle.allows(Limit.API_PUSH, program.address, program.practice):
        afterwards.add_task(_start, program)


def _start(program: Program) -> None:
    try:
        program.runs.start_push(program.practice)
    except (RunsUnavailable, NotDeployed) as error:  # the edit is made, and waits
        logging.getLogger(__name__).warning("A push of %s was not started: %r", program.practice, error)
