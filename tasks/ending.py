"""Writing down how a run ended: Practice Activity, and the artifacts that show where the practice stands now."""

from collections.abc import Mapping
from contextlib import suppress

from prefect import get_run_logger, task

from tasks.status import publish_status
from xpm.activity.log import record
from xpm.consent.explanation import explain_reconnect
from xpm.consent.invitation import withdraw
from xpm.entities.names import Entity
from xpm.installation import NoSuchPractice
from xpm.integration import Integration
from xpm.pull.summary import Outcome, message_of, sum_up
from xpm.store import practices
from xpm.store.errors import UnknownPractice
from xpm.store.vocabulary import SyncTrigger
from xpm.words import Message, Stopped, message, step_title
from xpm.xero.errors import XeroError


@task(name=step_title("log"))
def record_stop(practice: str, reason: Stopped | XeroError, flow_run_id: str) -> Message:
    """Write down why a run stopped, and put the connection back to how it was."""
    stop = reason if isinstance(reason, Stopped) else Stopped(_of_reconnect(practice, reason))
    get_run_logger().warning(stop.message.text)
    if not isinstance(stop, NoSuchPractice):
        _record(practice, stop, flow_run_id)
        publish_status(practice)
    return stop.message


@task(name=step_title("log"))
def record_ending(
    practice: str, trigger: SyncTrigger, parts: Mapping[Entity, Outcome], flow_run_id: str, person: str = ""
) -> Message:
    """Write down what came of each part without an entry of its own, and of the whole, which `person` asked for."""
    with Integration.opened() as integration, integration.database.write() as session:
        now = integration.clock()
        without_entry = {
            message_of(entity, outcome).text: message_of(entity, outcome)
            for entity, outcome in parts.items()
            if isinstance(outcome, BaseException) and not getattr(outcome, "recorded", False)
        }
        said = sum_up(practices.get(session, practice).name, trigger, parts)
        for entry in (*without_entry.values(), said):
            record(session, practice, entry, now=now, person=person or None, flow_run_id=flow_run_id)
    publish_status(practice)
    return said


def record_interruption(practice: str, key: str, flow_run_id: str) -> None:
    """Write down that a run crashed, was cancelled or failed by an error nobody foresaw.

    Called from a state hook, outside of any run.
    """
    with suppress(UnknownPractice):  # there is nowhere to write it down, nor a reconnect to put back
        _record(practice, Stopped(message(key)), flow_run_id)


def _of_reconnect(practice: str, error: XeroError) -> Message:
    """What to say of an error of Xero's that ended a run: in a sync it ends one part only."""
    with Integration.opened() as integration, integration.database.read() as session:
        return explain_reconnect(error, practices.get(session, practice).name)


def _record(practice: str, stop: Stopped, flow_run_id: str) -> None:
    with Integration.opened() as integration:
        withdraw(integration, practice, stop, flow_run_id=flow_run_id)
        if not stop.recorded:
            with integration.database.write() as session:
                record(session, practice, stop.message, now=integration.clock(), flow_run_id=flow_run_id)
