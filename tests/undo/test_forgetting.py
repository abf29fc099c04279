"""History is forgotten when its days are over, batch by batch, and nothing else is."""

import datetime as dt
import os
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from sandbox.accounts import edits as xpm_edits
from tests.pull.house import SCOPE, House
from xpm.entities.names import Entity
from xpm.settings import Settings
from xpm.store.records import history
from xpm.store.tables import RecordChange
from xpm.store.vocabulary import ChangeKind
from xpm.undo.forgetting import forget_old_dry_runs, forget_old_history, sure_time


def test_only_history_older_than_its_days_is_forgotten(house: House) -> None:
    house.sync(Entity.JOBS)
    house.clock.ahead += dt.timedelta(days=1)
    house.sync(Entity.STAFF)
    house.clock.ahead += dt.timedelta(days=89)
    changes = house.rows("record_change")
    of_jobs = [change for change in changes if change["record_table"] != "staff"]

    assert forget_old_history(house.integration, house.clock()) == len(of_jobs)
    assert {change["record_table"] for change in house.rows("record_change")} == {"staff"}
    assert forget_old_history(house.integration, house.clock()) == 0
    assert len(house.rows("job")) == 12


@pytest.mark.also_on_postgresql("many rows are deleted")
def test_one_call_forgets_all_batches(house: House) -> None:
    with house.database.write() as session:
        for number in range(2 * history.BATCH + 1):
            change = RecordChange(
                practice=SCOPE.practice,
                tenant_id=SCOPE.tenant_id,
                record_table="job",
                record_key=f"J{number}",
                kind=ChangeKind.ADDED,
                at=house.clock(),
            )
            session.add(change)
    house.clock.ahead += dt.timedelta(days=91)
    assert forget_old_history(house.integration, house.clock()) == 2 * history.BATCH + 1
    assert house.rows("record_change") == []


@pytest.mark.also_on_postgresql("foreign keys")
def test_former_rows_are_forgotten_with_their_change(house: House) -> None:
    house.sync(Entity.JOBS)
    number = str(house.truth("jobs")[0]["ID"])
    xpm_edits.change(house.xpm, "jobs", number, {"Name": "Renamed"})
    house.sync(Entity.JOBS)
    assert [row["number"] for row in house.rows("job_before")] == [number]
    house.clock.ahead += dt.timedelta(days=91)
    forget_old_history(house.integration, house.clock())
    assert house.rows("job_before") == []
    assert [row["name"] for row in house.rows("job") if row["number"] == number] == ["Renamed"]


@pytest.mark.parametrize("days", ["0", "-1", "soon"])
def test_history_is_kept_for_at_least_a_day(days: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XPM_HISTORY_DAYS", days)
    with pytest.raises(ValidationError, match="xpm_history_days"):
        Settings()


FLOW_RUN = "0b6ff0a5-9a4e-4a44-b2f8-35c1f0f7a7d1"


def _written(file: Path, days_ago: int, now: dt.datetime) -> Path:
    file.write_text("entity")
    at = (now - dt.timedelta(days=days_ago)).timestamp()
    os.utime(file, (at, at))
    return file


def test_only_the_files_of_old_dry_runs_are_removed(house: House, tmp_path: Path) -> None:
    folder, now = tmp_path / "dry-runs", house.clock()
    folder.mkdir()
    settings = house.integration.settings.model_copy(update={"xpm_dry_runs": folder})
    integration = replace(house.integration, settings=settings)
    _written(folder / f"{FLOW_RUN}.csv", 91, now)
    kept = {
        _written(folder / f"{FLOW_RUN.replace('0b', '0c')}.csv", 89, now),
        _written(folder / "budget of the practice.csv", 400, now),
        _written(folder / f"{FLOW_RUN}.txt", 400, now),
    }
    assert forget_old_dry_runs(integration, now) == 1
    assert set(folder.iterdir()) == kept
    assert forget_old_dry_runs(integration, now) == 0


def test_an_installation_without_dry_runs_has_nothing_to_remove(house: House, tmp_path: Path) -> None:
    settings = house.integration.settings.model_copy(update={"xpm_dry_runs": tmp_path / "not there"})
    assert forget_old_dry_runs(replace(house.integration, settings=settings), house.clock()) == 0


@pytest.mark.parametrize("days", [120, -120])
@pytest.mark.also_on_postgresql("deletion by age")
def test_a_wrong_clock_makes_nothing_old(house: House, days: int) -> None:
    house.sync(Entity.STAFF)
    before = house.rows("record_change")
    house.clock.ahead += dt.timedelta(days=days)
    now = sure_time(house.integration)
    assert now
    assert forget_old_history(house.integration, now) == 0
    assert house.rows("record_change") == before


def test_a_date_of_xeros_that_is_ahead_makes_nothing_old(house: House) -> None:
    house.sync(Entity.STAFF)
    house.server.world.clock.advance(dt.timedelta(days=120).total_seconds())
    now = sure_time(house.integration)
    assert now
    assert forget_old_history(house.integration, now) == 0


def test_when_both_clocks_say_so_history_is_old(house: House) -> None:
    house.sync(Entity.STAFF)
    house.clock.ahead += dt.timedelta(days=91)
    house.server.world.clock.advance(dt.timedelta(days=91).total_seconds())
    now = sure_time(house.integration)
    assert now
    assert forget_old_history(house.integration, now) > 0


def test_without_xeros_time_no_time_is_sure(house: House) -> None:
    house.order("reset", area="jwks", times=0)
    assert sure_time(house.integration) is None
