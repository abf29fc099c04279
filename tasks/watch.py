"""The steps of the watch: check one practice, delete old history, sum up."""

from collections.abc import Mapping

from prefect import get_run_logger, task

from tasks.announcing import announce, hand_out_news
from tasks.dry_run import forget_shown
from tasks.status import publish_status
from xpm.access import audit
from xpm.activity.staleness import watch_syncs
from xpm.consent.watch import watch_connection
from xpm.integration import Integration
from xpm.pull.summary import worst
from xpm.store import practices
from xpm.undo import forgetting
from xpm.words import Message, Stopped, message, step_title


def every_practice() -> list[str]:
    """List the practices to watch."""
    with Integration.opened() as integration, integration.database.read() as session:
        return [practice.slug for practice in practices.all_of_them(session)]


@task(name=step_title("watch_connection"), task_run_name=step_title("watch_practice", practice="{practice}"))
def watch_practice(practice: str) -> None:
    """Check one practice, announce what is new, and show the practice's status.

    Raises:
        Stopped: something is wrong, whether new or already known.
    """
    with Integration.opened() as integration:
        seen = watch_connection(integration, practice)
        for news in seen.news:
            announce(practice, news.notice, news.message)
        found = [*seen.found, *watch_syncs(integration, practice)]
    hand_out_news(practice)
    if found or seen.news:
        publish_status(practice)
    if found:
        said = found[0] if len(found) == 1 else _several(practice, found)
        get_run_logger().warning(said.text)
        raise Stopped(said, recorded=True)


@task(name=step_title("forget_old_history"))
def forget_old_history() -> None:
    """Delete history, results of dry runs and lines of the audit trail that are older than the time they are kept for.

    Deletes nothing while Xero does not tell the time, since our own clock may be wrong.
    """
    with Integration.opened() as integration:
        now = forgetting.sure_time(integration)
        if now is None:
            get_run_logger().info("Xero does not tell the time, so nothing old is deleted now.")
            return
        changes = forgetting.forget_old_history(integration, now)
        edits = forgetting.forget_old_edits(integration, now)
        dry_runs = forgetting.forget_old_dry_runs(integration, now)
        shown = forget_shown(forgetting.kept_since(integration, now))
        lines = audit.remove_old(integration, now)
    gone = (changes, edits, dry_runs, shown, lines)
    if any(gone):
        dry_run_words = "%s files and %s tables of dry runs"
        get_run_logger().info(
            f"No longer kept: %s changes of records, %s edits, {dry_run_words}, %s lines of the audit trail.", *gone
        )


def sum_up_watch(outcomes: Mapping[str, object]) -> Message:
    """Sum up all practices; the status is that of the worst."""
    wrong = {practice: _message_of(outcome) for practice, outcome in outcomes.items() if outcome is not None}
    if not wrong:
        return message("watch.all_well", count=len(outcomes))
    remarks = " ".join(f"{practice}: {said.title}." for practice, said in wrong.items())
    said = message("watch.some_not", count=len(wrong), of=len(outcomes), remarks=remarks)
    return said.model_copy(update={"status": worst(list(wrong.values()))})


def _several(practice: str, found: list[Message]) -> Message:
    findings = " ".join(f"({number}) {said.title}." for number, said in enumerate(found, 1))
    said = message("watch.several", practice=practice, count=len(found), findings=findings)
    return said.model_copy(update={"status": worst(found)})


def _message_of(outcome: object) -> Message:
    if isinstance(outcome, Stopped):
        return outcome.message
    return message("watch.unexpected", reason=type(outcome).__name__)
