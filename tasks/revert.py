"""The steps of a revert: show what it would do, then do it."""

from prefect import get_run_logger, task
from prefect.artifacts import create_table_artifact

from tasks.status import publish_status
from xpm.integration import Integration
from xpm.undo import revert
from xpm.undo.changed_since import WhenChangedSince
from xpm.undo.revert import RevertEffect, RevertPreview, RevertRequest
from xpm.words import Message, step_title


@task(name=step_title("preview_revert"))
def preview_revert(request: RevertRequest) -> RevertPreview:
    """Show what would be taken back as `xpm-revert-<practice>`; no record is changed.

    Raises:
        Stopped: there is nothing to take back.
    """
    with Integration.opened() as integration:
        seen = revert.preview(integration, request)
    rows = [_row(effect) for effect in seen.effects]
    create_table_artifact(key=f"xpm-revert-{seen.practice}", description=in_markdown(seen), table=rows)
    return seen


@task(name=step_title("take_syncs_back"))
def take_back(request: RevertRequest, seen: RevertPreview, changed_since: WhenChangedSince) -> Message:
    """Take back everything that was previewed, or nothing.

    Raises:
        Stopped: a rule forbids it, or the records have changed since the preview.
    """
    with Integration.opened() as integration:
        said = revert.revert(integration, request, seen, changed_since)
    publish_status(request.practice)
    get_run_logger().info(said.text)
    return said


def done_before(request: RevertRequest) -> Message | None:
    """Return the result of this run if an earlier attempt already took the syncs back."""
    with Integration.opened() as integration:
        return revert.done_before(integration, request)


def in_markdown(seen: RevertPreview) -> str:
    """Write the preview in a sentence, with the records that others changed since."""
    lines = [f"**{seen.message.title}.** {seen.message.cause}"]
    if seen.named:
        lines += ["", "| Changed since | | By | When (UTC) |", "|---|---|---|---|"]
        lines += [f"| {one.what} | {one.record} | {one.by} | {one.at:%d %b %Y %H:%M} |" for one in seen.named]
    if more := seen.changed_since - len(seen.named):
        lines += ["", f"and {more} more."]
    return "\n".join(lines)


def _row(effect: RevertEffect) -> dict[str, object]:
    return {
        "What": effect.what,
        "Removed": effect.removed,
        "Put back": effect.put_back,
        "Current again": effect.current_again,
        "Archived again": effect.archived_again,
    }
