"""Records how a run ended: in Practice Activity, and in the artifacts that show the practice's status."""

from collections.abc import Mapping
from contextlib import suppress

from prefect import get_run_logger, task
from prefect.client.schemas.objects import FlowRun

from tasks.announcing import hand_out_news
from tasks.status import publish_status
from tasks.trail import RunAct, act_of, end_again, this_run
from xpm.access.audit import AuditOutcome
from xpm.activity.log import record
from xpm.consent.explanation import explain_reconnect
from xpm.consent.invitation import withdraw
from xpm.entities.names import Entity
from xpm.installation import NoSuchPractice
from xpm.integration import Integration
from xpm.pull.nights import begin_night, settle_syncs
from xpm.pull.summary import Outcome, message_of, sum_up
from xpm.store import practices
from xpm.store.errors import UnknownPractice
from xpm.store.vocabulary import SyncTrigger
from xpm.words import Message, Stopped, message, step_title
from xpm.xero.errors import XeroError


@task(name=step_title("log"))
def record_stop(
    practice: str, reason: Stopped | XeroError, flow_run_id: str, trigger: SyncTrigger | None = None
) -> Message:
    """Log why a run stopped, and put the connection back to how it was. `trigger` is what asked for a sync."""
    stop = reason if isinstance(reason, Stopped) else Stopped(_explain(practice, reason))
    get_run_logger().warning(stop.message.text)
    if isinstance(stop, NoSuchPractice):
        end_again(stop.message)
    else:
        is_news = trigger is SyncTrigger.OVERNIGHT and not stop.recorded
        _record(practice, stop, flow_run_id, this_run(), is_news=is_news)
        publish_status(practice)
    return stop.message


@task(name=step_title("log"))
def record_ending(
    practice: str,
    trigger: SyncTrigger,
    outcomes: Mapping[Entity, Outcome],
    flow_run_id: str,
    person: str = "",
    *,
    is_full: bool = True,
) -> Message:
    """Log the outcome of each entity that has no entry yet, then of the whole run, which `person` asked for.

    `is_full`: the run read everything, and not only changes or a few chosen records.
    """
    with Integration.opened() as integration, integration.database.write() as session:
        now, known = integration.clock(), practices.get(session, practice)
        without_entry = {
            said.text: said
            for entity, outcome in outcomes.items()
            if isinstance(outcome, BaseException) and not getattr(outcome, "recorded", False)
            for said in [message_of(entity, outcome, known.time_zone)]
        }
        said = sum_up(known.name, trigger, outcomes, known.time_zone)
        for entry in (*without_entry.values(), said):
            record(session, practice, entry, now=now, person=person or None, flow_run_id=flow_run_id)
        settle_syncs(session, integration, practice, trigger, outcomes, flow_run_id=flow_run_id, is_full=is_full)
        if act := this_run():
            act.end(session, integration, said, now=now)
    hand_out_news(practice)
    publish_status(practice)
    return said


def record_interruption(flow: str, run: FlowRun, key: str, outcome: AuditOutcome) -> None:
    """Log that a run of this flow crashed, was cancelled or failed with an unexpected error.

    Called from a state hook, outside of any run.
    """
    with suppress(UnknownPractice):  # without a practice there is no log to write and no reconnect to withdraw
        is_news = run.parameters.get("trigger") == SyncTrigger.OVERNIGHT and outcome is AuditOutcome.FAILED
        stop, act = Stopped(message(key)), act_of(flow, run)
        _record(run.parameters["practice"], stop, str(run.id), act, outcome, is_news=is_news)


def _explain(practice: str, error: XeroError) -> Message:
    """Explain an error of Xero that ended a whole run: only a reconnect, since in a sync it ends one entity."""
    with Integration.opened() as integration, integration.database.read() as session:
        known = practices.get(session, practice)
        return explain_reconnect(error, known.name, known.time_zone)


def _record(
    practice: str,
    stop: Stopped,
    flow_run_id: str,
    act: RunAct | None,
    outcome: AuditOutcome | None = None,
    *,
    is_news: bool,
) -> None:
    with Integration.opened() as integration:
        withdraw(integration, practice, stop, flow_run_id=flow_run_id)
        with integration.database.write() as session:
            now = integration.clock()
            if not stop.recorded:
                record(session, practice, stop.message, now=now, flow_run_id=flow_run_id)
            if is_news:
                begin_night(session, integration, practice, stop.message, flow_run_id)
            if act:
                act.end(session, integration, stop.message, now=now, outcome=outcome)
    if is_news:
        hand_out_news(practice)
