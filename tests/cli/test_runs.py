"""`fyi-xpm runs`: recent runs, one line each, with the id that reverts it."""

from zoneinfo import ZoneInfo

from tests.cli.office import BEGAN, some_jobs, staff, synced
from tests.cli.shell import MERE, SLUG, Installed, Shell
from xpm.entities.names import Entity
from xpm.store.records.kinds import STAFF
from xpm.store.vocabulary import RunStatus, SyncTrigger

FLOW_RUN = "0c0f4a0e-5a6f-4a5e-9f86-3f1d2f2f7a11"

SYDNEY = ZoneInfo("Australia/Sydney")


def lines(printed: str) -> list[str]:
    """The lines of the runs, without the legend."""
    return [line for line in printed.splitlines() if f"{BEGAN:%b}" in line]


def test_runs_are_listed_newest_first_each_with_what_it_did(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    synced(installed, some_jobs(3), FLOW_RUN)
    synced(installed, [staff("s1", "Sam", None)], FLOW_RUN, table=STAFF, entity=Entity.STAFF)
    again = [*some_jobs(2, version=1), *some_jobs(4)[3:]]
    synced(installed, again, "by-hand", hours=2, trigger=SyncTrigger.MANUAL, person=MERE)
    synced(installed, [], "failed", hours=3, status=RunStatus.ACTION_REQUIRED)

    shown = fyi_xpm("runs", SLUG).out

    failed, by_hand, night = lines(shown)
    assert "jobs (action required)" in failed
    assert all(part in by_hand for part in ("by-hand", f"sync by hand, {MERE}", "jobs +1 ~2"))
    assert all(
        part in night
        for part in (
            f"{BEGAN.astimezone(SYDNEY):%d %b %H:%M} Sydney time",
            FLOW_RUN,
            "overnight sync",
            "jobs +3, staff +1",
        )
    )
    assert "~ changed" in shown


def test_the_limit_is_the_maximum_number_of_runs_listed(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    for number in range(3):
        synced(installed, some_jobs(1, version=number), f"run-{number}", hours=number)
    shown = lines(fyi_xpm("runs", SLUG, "--limit", "2").out)
    assert [line for line in shown if "run-2" in line] == [shown[0]]
    assert len(shown) == 2


def test_a_retried_run_is_listed_once_with_everything_it_did(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    synced(installed, some_jobs(1), "retried", status=RunStatus.FAILURE)
    synced(installed, some_jobs(3), "retried", hours=1)
    (line,) = lines(fyi_xpm("runs", SLUG).out)
    assert line.endswith("jobs +3")


def test_runs_of_another_practice_are_not_listed(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    installed.add_practice("tasman-bay")
    synced(installed, some_jobs(1), "theirs", practice="tasman-bay")
    assert fyi_xpm("runs", SLUG).out == "Nothing has been synchronised yet.\n"
