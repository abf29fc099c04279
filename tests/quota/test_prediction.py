"""A sync's calls and bytes are predicted before it begins, and the prediction holds."""

import datetime as dt

import pytest

from sandbox.accounts import edits
from tests.pull.house import SLUG, House
from xpm.entities.names import EVERYTHING, Entity
from xpm.quota.amounts import said_after, said_before, together
from xpm.quota.prediction import predict_all
from xpm.quota.progress import Prediction
from xpm.store import practices
from xpm.store.vocabulary import RunStatus, SyncMode

TOLERATED = 0.05  # of the calls that were made


@pytest.mark.parametrize("mode", SyncMode)
def test_the_calls_of_every_sync_are_as_predicted(house: House, mode: SyncMode) -> None:
    house.sync_everything()
    edits.add(house.xpm, "clients", {"Name": "Newcomer & Co"})
    edits.add(house.xpm, "jobs", {"Name": "Advice", "State": "Planned"})
    predicted = predict_all(house.integration, SLUG, EVERYTHING, mode)
    results = [house.sync(entity, mode) for entity in EVERYTHING]
    assert {result.status for result in results} == {RunStatus.SUCCESS}
    for result in results:
        assert result.predicted_calls is not None
        assert abs(result.predicted_calls - result.calls) <= TOLERATED * result.calls, result.entity
        asked_before = predicted[result.entity].calls
        has_values = result.entity is Entity.CUSTOM_FIELDS and mode is not SyncMode.LISTS
        came_since = 2 if has_values else 0  # the client and the job that were added
        assert asked_before == result.predicted_calls - came_since


def test_the_calls_of_a_first_sync_of_clients_jobs_and_staff_are_known_but_not_its_size(house: House) -> None:
    for entity in (Entity.CLIENTS, Entity.JOBS, Entity.STAFF):
        result = house.sync(entity)
        assert (result.predicted_calls, result.predicted_bytes) == (result.calls, None)


def test_the_number_of_tax_returns_is_unknown_before_the_first_sync(house: House) -> None:
    first, second = house.sync(Entity.TAX_RETURNS), house.sync(Entity.TAX_RETURNS)
    assert first.predicted_calls is None
    assert second.predicted_calls == second.calls == 1


def test_the_number_of_values_is_unknown_if_clients_or_jobs_come_for_the_first_time(house: House) -> None:
    def predicted(*entities: Entity) -> int | None:
        return predict_all(house.integration, SLUG, entities, SyncMode.FULL)[Entity.CUSTOM_FIELDS].calls

    assert predicted(*EVERYTHING) is None
    house.sync(Entity.CLIENTS)
    assert predicted(*EVERYTHING) is None
    alone = predicted(Entity.CUSTOM_FIELDS)
    house.sync(Entity.JOBS)
    everything = predicted(*EVERYTHING)
    assert alone is not None
    assert everything is not None
    assert everything > alone > 1


def test_definitions_alone_are_one_request_however_many_records_there_are(house: House) -> None:
    alone = predict_all(house.integration, SLUG, EVERYTHING, SyncMode.LISTS)[Entity.CUSTOM_FIELDS]
    assert alone.calls == 1


@pytest.mark.parametrize("entity", [Entity.CLIENTS, Entity.JOBS])
def test_bytes_are_predicted_from_the_last_runs_of_the_same_kind(house: House, entity: Entity) -> None:
    full, changes = house.sync(entity), house.sync(entity, SyncMode.CHANGES)
    assert changes.predicted_bytes is None
    assert house.sync(entity).predicted_bytes == full.bytes
    assert house.sync(entity, SyncMode.CHANGES).predicted_bytes == changes.bytes


def test_bytes_of_values_are_not_predicted_from_runs_that_asked_for_none(house: House) -> None:
    house.sync(Entity.CLIENTS)
    full, *changes = (
        house.sync(Entity.CUSTOM_FIELDS, mode) for mode in (SyncMode.FULL, SyncMode.CHANGES, SyncMode.CHANGES)
    )
    assert house.sync(Entity.CUSTOM_FIELDS).predicted_bytes == full.bytes
    assert house.sync(Entity.CUSTOM_FIELDS, SyncMode.CHANGES).predicted_bytes == changes[0].bytes == changes[1].bytes


def test_calls_for_older_jobs_are_predicted_too(house: House) -> None:
    house.sync(Entity.JOBS)
    with house.database.write() as session:
        practice = practices.get(session, SLUG)
        practice.history_start = house.integration.today(practice) - dt.timedelta(days=1)
    first, second = house.sync(Entity.JOBS), house.sync(Entity.JOBS)
    assert first.predicted_calls == first.calls > 3
    assert second.predicted_calls == second.calls == first.calls


def test_predicted_values_are_limited_by_what_one_run_may_ask(house: House) -> None:
    for entity in (Entity.CLIENTS, Entity.JOBS):
        house.sync(entity)
    frugal = house.with_settings(xero_calls_per_day=10)
    result = frugal.sync(Entity.CUSTOM_FIELDS)
    assert result.predicted_calls == result.calls == 1 + 5


def test_one_call_is_predicted_for_each_chosen_record(house: House) -> None:
    house.sync(Entity.CLIENTS)
    chosen = [client["UUID"] for client in house.truth("clients")][:2]
    result = house.sync(Entity.CUSTOM_FIELDS, records=tuple(chosen))
    assert result.predicted_calls == result.calls == 1 + 2
    (predicted,) = predict_all(house.integration, SLUG, [Entity.CUSTOM_FIELDS], SyncMode.FULL, chosen=2).values()
    assert predicted.calls == result.calls


@pytest.mark.also_on_postgresql("counts in SQL")
def test_the_runs_row_holds_predicted_and_actual_calls(house: House) -> None:
    first = house.run(house.sync(Entity.STAFF).run_id)
    assert (first.predicted_calls, first.calls) == (1, 1)
    run = house.run(house.sync(Entity.STAFF).run_id)
    assert run.predicted_bytes == first.bytes
    size = f"{-(-run.bytes // 1000)} kB"
    predicted, made = Prediction(run.predicted_calls, run.predicted_bytes), Prediction(run.calls, run.bytes)
    assert said_after("Staff", predicted, made).title == f"Staff: predicted 1 request, {size}; made 1 request, {size}"


def test_entities_that_the_settings_leave_out_are_not_predicted(house: House) -> None:
    house.change_settings(import_tax_assessments=False)
    assert Entity.TAX_RETURNS not in predict_all(house.integration, SLUG, EVERYTHING, SyncMode.FULL)


def test_predictions_add_up_and_one_unknown_makes_the_sum_unknown() -> None:
    assert together([Prediction(9, 2_000_000), Prediction(1, 1_000_000)]) == Prediction(10, 3_000_000)
    assert together([Prediction(9, 2_000_000), Prediction(1, None)]) == Prediction(10, None)


@pytest.mark.parametrize(
    ("predicted", "sentence"),
    [
        (Prediction(9, 3_140_000), "All: about 9 requests, 3.1 MB, 1 minute at 60 requests a minute"),
        (Prediction(1, None), "All: about 1 request, size unknown, 1 minute at 60 requests a minute"),
        (Prediction(1601, 900_000), "All: about 1,601 requests, 900 kB, 27 minutes at 60 requests a minute"),
        (Prediction(), "All: how much a first sync asks of Xero is unknown"),
    ],
)
def test_a_prediction_is_written_in_plain_words(predicted: Prediction, sentence: str) -> None:
    assert said_before("All", predicted, 60).title == sentence
