"""`fyi-xpm status` and `fyi-xpm activity`: their output in a terminal, a pipe or a log."""

from datetime import UTC, datetime

import pytest

from tests.cli.office import synced
from tests.cli.shell import MERE, SLUG, Installed, Shell
from xpm.store import activity
from xpm.store.activity import ActivityEntry
from xpm.store.pull import runs
from xpm.store.pull.runs import RunCounts
from xpm.store.vocabulary import ActivityStatus, RunStatus, SyncMode, SyncTrigger

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LONG = "Jobs were read completely, 1,200 of them, of which 14 had changed since the last sync of the night before"


def log(installed: Installed, title: str, status: ActivityStatus = ActivityStatus.SUCCESS) -> None:
    with installed.database.write() as session:
        entry = ActivityEntry(practice=SLUG, at=NOW, status=status, kind="sync", title=title, detail=LONG, person=MERE)
        activity.write(session, entry)


def widths(printed: str) -> set[int]:
    """The widths of a table's lines."""
    return {len(line) for line in printed.splitlines() if line}


def test_practice_activity_can_be_read_in_80_columns(
    fyi_xpm: Shell, installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed.add_practice()
    log(installed, "Jobs are in step", ActivityStatus.ACTION_REQUIRED)
    monkeypatch.setenv("COLUMNS", "80")

    shown = fyi_xpm("activity", SLUG).out

    assert widths(shown) == {80}
    assert "Sydney" in shown
    for whole in ("02 Mar 20:30", "Action Required", "Jobs are in step", MERE):
        assert whole in shown
    assert len(shown.splitlines()) <= 10


def test_a_reverted_sync_is_not_shown_as_a_success(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    synced(installed, [], "night-1")
    assert "success" in fyi_xpm("status", SLUG).out
    synced(installed, [], "revert-1", hours=1, trigger=SyncTrigger.REVERT)
    shown = fyi_xpm("status", SLUG).out
    assert "taken back" in shown
    assert "success" not in shown


def test_a_pipe_gets_120_columns(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    log(installed, "Jobs are in step")

    assert widths(fyi_xpm("activity", SLUG).out) == {120}


def test_practice_activity_is_found_by_text_and_status(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    log(installed, "Jobs are in step")
    log(installed, "Staff could not be read", ActivityStatus.FAILURE)

    by_text = fyi_xpm("activity", SLUG, "--search", "staff").out
    by_status = fyi_xpm("activity", SLUG, "--status", "Success").out

    assert "Staff could not be read" in by_text
    assert "Jobs are in step" not in by_text
    assert "Jobs are in step" in by_status
    assert "Staff could not be read" not in by_status


def test_practice_activity_shows_the_newest_entries_up_to_the_limit(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    for title in ("The first", "The second", "The third"):
        log(installed, title)

    shown = fyi_xpm("activity", SLUG, "--limit", "2").out

    assert "The first" not in shown
    assert shown.index("The third") < shown.index("The second")


def test_an_empty_practice_activity_says_so(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()

    assert fyi_xpm("activity", SLUG).out == "Practice Activity is empty.\n"
    assert fyi_xpm("activity", SLUG, "--search", "jobs").out == "Practice Activity has no such entry.\n"


def test_the_status_shows_the_last_sync_of_every_entity(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    with installed.database.write() as session:
        jobs = runs.start(
            session,
            practice=SLUG,
            tenant_id="3f6e",
            entity="jobs",
            mode=SyncMode.FULL,
            trigger=SyncTrigger.MANUAL,
            now=NOW,
        )
        runs.checkpoint(session, jobs.id, RunCounts(added=1200, quarantined=3))
        jobs.source_count, jobs.stored_count = 1203, 1200
        runs.finish(session, jobs.id, RunStatus.SUCCESS, now=NOW)

    shown = fyi_xpm("status", SLUG).out

    assert "Not connected" in shown
    assert "Finished (Sydney time)" in shown
    (row,) = [line for line in shown.splitlines() if "Jobs" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        "Jobs",
        str(RunStatus.SUCCESS).replace("_", " "),
        "02 Mar 20:30",
        "1203",
        "1200",
        "3",
    ]


def test_the_status_shows_every_practice_by_default(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    installed.add_practice("tasman-bay")

    assert fyi_xpm("status").out.count("Harbour & Vale\n") == 2
    assert fyi_xpm("status", SLUG).out.count("Harbour & Vale\n") == 1
