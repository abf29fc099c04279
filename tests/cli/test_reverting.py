"""`fyi-xpm revert` shows what it would do, asks, and starts the runbook with exactly what was confirmed."""

import json

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from tests.cli.office import BEGAN, edited, jobs, some_jobs, synced
from tests.cli.shell import MERE, SLUG, Installed, Shell, types
from tests.cli.worker import worker_that_ends_the_next_run
from xpm.undo.changed_since import WhenChangedSince
from xpm.undo.revert import RevertRequest, preview

ON_PREFECT = pytest.mark.xdist_group("prefect-of-cli")


@pytest.fixture
def twice(installed: Installed) -> Installed:
    """An installation with two nightly syncs: the first added three jobs, the second changed two and added one."""
    installed.add_practice()
    synced(installed, some_jobs(3), "night-1")
    synced(installed, [*some_jobs(2, version=1), *some_jobs(4)[3:]], "night-2", hours=24)
    return installed


def fingerprint(installed: Installed, choice: WhenChangedSince, **chosen: object) -> str:
    with installed.integration() as integration:
        return preview(integration, RevertRequest(practice=SLUG, **chosen)).fingerprint(choice)


def test_without_a_yes_only_the_preview_is_shown(
    fyi_xpm: Shell, twice: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    types(monkeypatch, "n\n")
    said = fyi_xpm("revert", SLUG, "--run", "night-2")
    assert said.code == 0
    assert "Records of Harbour & Vale that would be as they were before" in said.out
    (row,) = [line for line in said.out.splitlines() if "Jobs" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["Jobs", "1", "2", "0", "0"]
    assert "Take this back? [y/N]" in said.out
    assert said.out.endswith("Nothing of Harbour & Vale was taken back.\n")
    assert jobs(twice) == 4


@ON_PREFECT
@pytest.mark.parametrize(
    "ending", [Completed(message="Taken back."), Failed(name="Action Required", message="Not the same any more.")]
)
def test_the_runbook_gets_the_confirmed_preview_and_its_end_decides_the_exit_code(
    fyi_xpm: Shell, twice: Installed, prefect: SyncPrefectClient, deployed_once: None, ending: State
) -> None:
    with worker_that_ends_the_next_run(ending) as taken:
        said = fyi_xpm("revert", SLUG, "--run", "night-2", "--person", MERE, "--yes")
    assert (said.code, said.out.splitlines()[-1]) == (0 if ending.is_completed() else 1, ending.message)
    assert taken[0].parameters == {
        "practice": SLUG,
        "run": "night-2",
        "since": None,
        "person": MERE,
        "confirmed": fingerprint(twice, WhenChangedSince.STOP, run="night-2"),
    }


@ON_PREFECT
def test_a_yes_starts_the_runbook(
    fyi_xpm: Shell, twice: Installed, prefect: SyncPrefectClient, deployed_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    types(monkeypatch, "y\n")
    with worker_that_ends_the_next_run(Completed()) as taken:
        assert fyi_xpm("revert", SLUG, "--run", "night-2").code == 0
    assert taken[0].parameters["run"] == "night-2"


@ON_PREFECT
def test_with_json_a_yes_prints_preview_and_result_in_one_document(
    fyi_xpm: Shell, twice: Installed, prefect: SyncPrefectClient, deployed_once: None
) -> None:
    with worker_that_ends_the_next_run(Failed(name="Action Required", message="Not the same any more.")):
        said = fyi_xpm("revert", SLUG, "--run", "night-2", "--json", "--yes")

    found = json.loads(said.out)
    assert (said.code, said.err) == (1, "")
    assert found["preview"]["run_ids"]
    assert (found["run"]["state"], found["run"]["message"]) == ("Action Required", "Not the same any more.")


@ON_PREFECT
def test_a_time_without_a_zone_is_local_to_the_practice(
    fyi_xpm: Shell, twice: Installed, prefect: SyncPrefectClient, deployed_once: None
) -> None:
    with worker_that_ends_the_next_run(Completed()) as taken:
        fyi_xpm("revert", SLUG, "--since", f"{BEGAN:%Y-%m-%d}T00:00", "--yes")
    assert taken[0].parameters["run"] == ""
    assert str(taken[0].parameters["since"])[10:] in {"T00:00:00+10:00", "T00:00:00+11:00"}  # Sydney's winter, summer


def test_records_that_others_changed_since_are_listed_and_stop_the_revert_by_default(
    fyi_xpm: Shell, twice: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited(twice, "J1", MERE, state="Ours")
    refused = fyi_xpm("revert", SLUG, "--run", "night-2", "--yes")
    assert refused.code == 2
    assert "Records of Harbour & Vale were changed since: 1." in refused.err
    (row,) = [line for line in refused.out.splitlines() if MERE in line]
    assert [cell.strip() for cell in row.strip("│").split("│")][:3] == ["Jobs", "J1", MERE]

    types(monkeypatch, "n\n")
    assert "Take this back?" in fyi_xpm("revert", SLUG, "--run", "night-2", "--changed-since", "keep").out


def test_if_nobody_can_answer_nothing_is_reverted(
    fyi_xpm: Shell, twice: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    types(monkeypatch, "")
    said = fyi_xpm("revert", SLUG, "--run", "night-2")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "--yes" in said.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "one sync, or everything since a time"),
        (("--run", "night-2", "--since", "2026-03-02"), "one sync, or everything since a time"),
        (("--run", "no-such-run"), "has no such sync"),
        (("--since", "yesterday"), "2026-03-02T19:00"),
        (("--since", "0001-01-01"), "No sync can have begun on 0001-01-01"),
        (("--since", "9999-12-31T23:59-11:00"), "No sync can have begun on 9999-12-31"),
        (("--run", "night-2", "--person", "nobody@harbourvale.example"), "has no FYI account"),
    ],
)
def test_a_mistake_is_reported_in_one_line(
    fyi_xpm: Shell, twice: Installed, arguments: tuple[str, ...], says: str
) -> None:
    said = fyi_xpm("revert", SLUG, *arguments, "--yes")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert says in said.err
