"""The page of one run: what it does, what it waits for, and how it ended."""

from contextlib import suppress
from datetime import timedelta
from functools import partial

from sqlmodel import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from console import trail
from console.afterwards import cure_of
from console.desk import Desk, desk_of, local_time, page, text_of, to_run
from console.gate import caller_of, run_of
from console.missing import Doubt, doubts
from console.runs import FlowRunSeen, NotWaiting, StepState
from console.steps import now_at, steps_of
from console.tables import rows_of, taken_back
from console.throttle import throttle_of
from console.traces import RunTraces, traces_of
from xpm.access.audit import Action
from xpm.access.rights import Caller, Right
from xpm.account.choice import none_of_these
from xpm.account.confirmation import is_name_of, question
from xpm.activity.log import as_message
from xpm.consent.superseding import run_superseded_by, superseded_by
from xpm.store import people, practices
from xpm.store.consent import connections
from xpm.store.errors import UnknownPractice
from xpm.store.tables import Practice
from xpm.store.vocabulary import ActivityStatus
from xpm.words import Message, message
from xpm.words.moments import zone_in_words

REFRESH = 2  # seconds
SETTLING = timedelta(seconds=5)  # Prefect learns of a run's last tasks just after its end
SLOW_START = timedelta(seconds=30)  # a worker looks for runs every ten seconds
LOOKS_WELL = frozenset({ActivityStatus.SUCCESS, ActivityStatus.IN_PROGRESS})


def show(request: Request) -> Response:
    """`GET /runs/{run}`. Raises UnknownFlowRun, RunsUnavailable."""
    return _shown(request)


def _shown(request: Request, wrong: Message | None = None) -> Response:
    """Make the run's page. `wrong`: why the answer just sent cannot be used; the page asks again."""
    desk, run = desk_of(request), run_of(request)
    caller = caller_of(request)
    with desk.integration.database.read() as session:
        traces = traces_of(session, str(run.id))
        practice = _practice_of(session, run)
        in_doubt = _in_doubt(session, run, traces) if practice else []
        person = people.get(session, traces.attempt.user_id).name if traces.attempt else None
        connection = connections.get(session, run.practice) if practice else None
    _wake_when_answered(desk, run, traces)
    now, zone = desk.integration.clock(), practice.time_zone if practice else "UTC"
    newer = superseded_by(traces.attempt) if traces.attempt else None
    if newer:  # the run has nothing to ask any more, whether it knows that already or not
        run = run.model_copy(update={"choices": (), "compared": None})
    steps = steps_of(run, traces, now, partial(local_time, zone=zone))
    said = newer.message if newer else _for(caller, run.practice, _said(desk, run, traces, practice))
    shown = {
        "now": said.title if said and run.stage is StepState.STARTING else now_at(steps),
        "run": run,
        "practice": practice,
        "zone": zone,
        "steps": steps,
        "said": said,
        "newer": newer,
        "cure": cure_of(run, traces, connection, caller, now) if connection else None,
        "may_answer": caller.may(Right.ADMINISTER, run.practice),
        "wrong": wrong,
        "doubts": in_doubt,
        "sees_records": caller.may(Right.SEE_RECORDS, run.practice),
        "invited": _invited(run, traces, person, practice),
        "person": person,
        "attempt": traces.attempt,
        "rows": [] if run.runbook == "revert" else rows_of(traces.syncs, waits=bool(_waits(run, traces))),
        "taken_back": taken_back(traces.syncs) if run.runbook == "revert" else [],
        "refresh": REFRESH if _may_change(desk, run) else None,
    }
    return page("run.html", shown, 400 if wrong else 200)


def choose(request: Request, form: FormData) -> Response:
    """`POST /runs/{run}/account`: answer the run that asks, or stop it; another answer is asked for again.

    Raises UnknownFlowRun, RunsUnavailable.
    """
    desk, run = desk_of(request), run_of(request)
    label = text_of(form, "account")
    if not run.choices or _is_superseded(request, Action.CHOOSE_ACCOUNT):  # or answered, or expired: its page shows
        return to_run(run.id)
    if text_of(form, "stop"):
        return _stop(request, Action.CHOOSE_ACCOUNT)
    if label not in run.choices:
        said = message("choice.not_offered", tenant=label) if label else message("console.nothing_chosen")
        return _shown(request, said)
    with suppress(NotWaiting):
        desk.runs.choose(run.id, label)
        trail.noted(request, Action.CHOOSE_ACCOUNT, practice=run.practice, resource=label)
    return to_run(run.id)


def confirm(request: Request, form: FormData) -> Response:
    """`POST /runs/{run}/name`: pass the typed name of the account to the run, or stop it.

    A name that is not the account's is asked for again, and the run goes on waiting. The run checks it once more.
    Raises UnknownFlowRun, RunsUnavailable.
    """
    run, name = run_of(request), text_of(form, "account_name")
    if run.compared is None or _is_superseded(request, Action.CONFIRM_ACCOUNT):  # or answered, or expired
        return to_run(run.id)
    if text_of(form, "stop"):
        return _stop(request, Action.CONFIRM_ACCOUNT)
    if not is_name_of(name, run.compared.tenant_name, run.compared.others):
        said = message("choice.try_again", typed=name)
        if too_often := throttle_of(request).refused(request, caller_of(request)):
            return too_often
        trail.tried(request, Action.CONFIRM_ACCOUNT, said, practice=run.practice, resource=name)
        return _shown(request, said)
    with suppress(NotWaiting):
        desk_of(request).runs.confirm(run.id, name)
        trail.noted(request, Action.CONFIRM_ACCOUNT, practice=run.practice, resource=name)
    return to_run(run.id)


def _is_superseded(request: Request, action: Action) -> bool:
    """Whether a newer reconnect replaced the run that asks, which then takes no answer; its page says by whom."""
    run = run_of(request)
    with desk_of(request).integration.database.read() as session:
        newer = run_superseded_by(session, str(run.id))
    if newer:
        trail.tried(request, action, newer.message, practice=run.practice, resource=f"run {run.id}")
    return newer is not None


def _stop(request: Request, action: Action) -> Response:
    """End the run that asks, at a person's wish. It says in Practice Activity that nothing was changed."""
    run = run_of(request)
    with suppress(NotWaiting):
        desk_of(request).runs.stop(run.id)
        trail.noted(request, action, practice=run.practice, resource=none_of_these())
    return to_run(run.id)


def _for(caller: Caller, practice: str, said: Message | None) -> Message | None:
    """Leave out what to do about single records for those who may not see records."""
    if said is None or caller.may(Right.SEE_RECORDS, practice):
        return said
    return said.model_copy(update={"next": None})


def _may_change(desk: Desk, run: FlowRunSeen) -> bool:
    """Whether the page reloads itself. Never while it asks: a reload would lose what is being chosen or typed."""
    if run.stage.is_over:
        return run.ended is not None and desk.integration.clock() - run.ended < SETTLING
    return not run.asks


def _practice_of(session: Session, run: FlowRunSeen) -> Practice | None:
    try:
        return practices.get(session, run.practice)
    except UnknownPractice:
        return None


def _in_doubt(session: Session, run: FlowRunSeen, traces: RunTraces) -> list[Doubt]:
    """Return what this run found suddenly missing, if no later sync has looked since."""
    mine = {sync.id for sync in traces.syncs.values()}
    return [doubt for doubt in doubts(session, run.practice) if doubt.run_id in mine]


def _invited(run: FlowRunSeen, traces: RunTraces, person: str | None, practice: Practice | None) -> Message | None:
    """Ask the person to log in to Xero, while the run waits for that."""
    if traces.attempt is None or not traces.awaits_login or run.stage.is_over:
        return None
    zone = practice.time_zone if practice else "UTC"
    until = f"{local_time(traces.attempt.expires_at, zone)} {zone_in_words(zone)}"
    return message("console.log_in", person=person, until=until)


def _wake_when_answered(desk: Desk, run: FlowRunSeen, traces: RunTraces) -> None:
    """Wake a run that missed its wake-up although the answer is here; harmless otherwise."""
    if run.stage is StepState.PAUSED and not run.asks and traces.has_answer:
        with suppress(NotWaiting):
            desk.runs.wake(run.id)


def _said(desk: Desk, run: FlowRunSeen, traces: RunTraces, practice: Practice | None) -> Message | None:
    """Return the result of a run that is over, or what an administrator has to know about one that is under way."""
    if run.stage.is_over:
        return _result(run, traces)
    if run.choices:
        name = practice.name if practice else run.practice
        return message("console.choose", count=len(run.choices), practice=name)
    if run.compared:
        return question(run.compared)
    if run.runbook == "revert" and run.stage is StepState.PAUSED:
        return message("console.confirm_revert")
    if run.stage is StepState.STARTING:
        return _start(desk, run, practice)
    return _waits(run, traces)


def _start(desk: Desk, run: FlowRunSeen, practice: Practice | None) -> Message:
    """Say when a run starts or goes on, or why it should have and did not."""
    late = desk.integration.clock() - run.due
    if late < -SLOW_START:
        return message("console.starts_later", when=local_time(run.due, practice.time_zone if practice else "UTC"))
    return message("console.not_started" if late > SLOW_START and not run.is_polled else "console.starting")


def _waits(run: FlowRunSeen, traces: RunTraces) -> Message | None:
    """Say what a step waits for that failed and is tried again, as Practice Activity does."""
    last = traces.entries[0] if traces.entries else None
    waits = not run.stage.is_over and any(task.again_at for task in run.tasks)
    return as_message(last) if waits and last and last.status is ActivityStatus.IN_PROGRESS else None


def _result(run: FlowRunSeen, traces: RunTraces) -> Message:
    """Return the run's last entry, unless it looks better than how the run ended."""
    last = traces.entries[0] if traces.entries else None
    if last and (run.stage is not StepState.FAILED or last.status not in LOOKS_WELL):
        return as_message(last)
    return message("console.run_failed" if run.stage is StepState.FAILED else "console.run_over")
