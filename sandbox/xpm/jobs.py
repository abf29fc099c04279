"""The endpoints of `job.api` and `jobstate.api`."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from sandbox.generator.jobs import JobOutline
from sandbox.xpm import views
from sandbox.xpm.call import BadParameter, ReceivedCall
from sandbox.xpm.clients import values_list
from sandbox.xpm.envelope import error, ok, table_list
from sandbox.xpm.refusals import NO_CLIENT, NO_JOB

_YEAR_OF_DAYS = 365


def job_current(call: ReceivedCall) -> Response:
    """`current`: the jobs whose state is neither completed nor closed."""
    rules = call.account.rules
    return _jobs(call, lambda outline: not rules.is_closed(outline.state))


def job_list(call: ReceivedCall) -> Response:
    """`list`: the jobs created from `from` to `to` inclusive, in any state. The range must be under a year."""
    first, last = call.day("from"), call.day("to")
    if (last - first).days >= _YEAR_OF_DAYS:
        raise BadParameter("The date range must be less than one year")
    begin, end = first.toordinal(), last.toordinal()
    return _jobs(call, lambda outline: begin <= outline.created <= end)


def job_of_client(call: ReceivedCall) -> Response:
    """`client/{uuid}`: all jobs of a client, in any state."""
    position = call.account.clients.find(call.args[0])
    if position is None:
        return error(call.api_method, NO_CLIENT)
    client = call.account.clients.key(position)
    return _jobs(call, lambda outline: outline.client == client)


def job_get(call: ReceivedCall) -> Response:
    """`get/{number}`: always detailed. A deleted job gives the same error as an unknown number."""
    position = call.account.jobs.find(call.args[0])
    if position is None:
        return error(call.api_method, NO_JOB)
    return ok(call.api_method, views.JOB_DETAILED.write(call.account.jobs.record(position)))


def job_values(call: ReceivedCall) -> Response:
    """`get/{number}/customfield`: the job's custom fields that have a value."""
    position = call.account.jobs.find(call.args[0])
    if position is None:
        return error(call.api_method, NO_JOB)
    return values_list(call, call.account.values("job", position))


def job_states(call: ReceivedCall) -> Response:
    """`jobstate.api/list`."""
    table = call.account.job_states
    return table_list(call, "JobStates", table, table.positions(), views.JOB_STATE)


def _jobs(call: ReceivedCall, wanted: Callable[[JobOutline], bool]) -> Response:
    table = call.account.jobs
    view = views.JOB_DETAILED if call.detailed else views.JOB
    return table_list(call, "Jobs", table, table.positions(wanted), view)
