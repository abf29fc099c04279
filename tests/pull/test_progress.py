"""A sync reports its progress after each stored batch."""

from datetime import timedelta

import pytest

from tests.pull.house import House, request
from xpm.entities.names import EVERYTHING, Entity
from xpm.pull.pull import run_pull
from xpm.quota.amounts import said_meanwhile
from xpm.quota.progress import Prediction, Standing
from xpm.store.vocabulary import RunStatus
from xpm.xero.errors import XeroError

MINUTE = timedelta(minutes=1)


def watched(house: House, entity: Entity) -> list[Standing]:
    heard: list[Standing] = []
    run_pull(house.integration, request(entity), heard.append)
    return heard


@pytest.mark.parametrize("entity", EVERYTHING)
def test_a_sync_reports_its_beginning_and_then_every_record(house: House, entity: Entity) -> None:
    for earlier in (Entity.CLIENTS, Entity.JOBS, entity):
        house.sync(earlier)
    first, *between, last = watched(house, entity)
    run = house.runs()[-1]
    assert (first.records, first.calls, first.share) == (0, 0, 0)
    assert first.predicted.calls == run.predicted_calls
    assert (last.calls, last.share) == (run.calls, 1)
    assert last.predicted.records == (run.calls if entity is Entity.CUSTOM_FIELDS else run.source_count)
    records = [standing.records for standing in (first, *between, last)]
    assert records == sorted(records)


def test_a_first_sync_reports_records_but_no_share(house: House) -> None:
    last = watched(house, Entity.STAFF)[-1]
    assert (last.records, last.share, last.time_left(60)) == (len(house.truth("staff")), None, None)


@pytest.mark.also_on_postgresql("a reader beside a writer")
def test_only_stored_records_are_reported(house: House) -> None:
    stored: list[int] = []
    run_pull(house.integration, request(Entity.STAFF), lambda _: stored.append(len(house.rows("staff"))))
    assert stored[:2] == [0, len(house.truth("staff"))]


def test_a_sync_that_is_skipped_or_fails_at_once_reports_no_record(house: House) -> None:
    house.change_settings(import_tax_assessments=False)
    assert watched(house, Entity.TAX_RETURNS) == []
    house.order("garbage", "staff.api/list")
    heard: list[Standing] = []
    with pytest.raises(XeroError):
        run_pull(house.integration, request(Entity.STAFF), heard.append)
    assert {standing.records for standing in heard} == {0}  # the calls of the list that was cut short count, too
    assert house.runs()[-1].status is RunStatus.FAILURE


@pytest.mark.parametrize(
    ("standing", "left"),
    [
        (Standing(Prediction(calls=121, records=100), records=50, calls=1, elapsed=MINUTE), 2 * MINUTE),
        (Standing(Prediction(calls=2, records=100), records=25, calls=1, elapsed=MINUTE), 3 * MINUTE),
        (Standing(Prediction(calls=2, records=100), records=130, calls=4, elapsed=MINUTE), timedelta()),
        (Standing(Prediction(calls=2, records=100), records=0, calls=0, elapsed=MINUTE), None),
        (Standing(Prediction(calls=None, records=100), records=50, calls=1, elapsed=MINUTE), None),
    ],
    ids=["the rate of calls", "the pace of records", "more than expected", "no pace yet", "nothing predicted"],
)
def test_the_time_left_is_the_longer_of_rate_and_pace(standing: Standing, left: timedelta | None) -> None:
    assert standing.time_left(60) == left


def test_progress_is_written_in_plain_words() -> None:
    half = Standing(Prediction(9, None, 20_000), records=5_000, calls=3, elapsed=MINUTE)
    assert said_meanwhile(Entity.JOBS, half, 60).title == (
        "Jobs: 5,000 of about 20,000 records, 3 of about 9 requests, about 3 minutes left"
    )
    values = Standing(Prediction(1_601, None, 1_601), records=1_580, calls=1_580, elapsed=MINUTE)
    assert said_meanwhile(Entity.CUSTOM_FIELDS, values, 60).title == (
        "Custom fields: 1,580 of about 1,601 answers, 1,580 of about 1,601 requests, less than a minute left"
    )
    first = Standing(Prediction(), records=500, calls=0, elapsed=MINUTE)
    assert said_meanwhile(Entity.TAX_RETURNS, first, 60).title == (
        "Tax returns: 500 records so far, 0 requests so far, time left unknown"
    )
