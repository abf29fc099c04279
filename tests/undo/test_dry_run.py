"""A dry run writes nothing, and predicts exactly what the next sync does."""

from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from sandbox.accounts import edits
from sandbox.accounts.random_edits import make_random_edits
from tests.pull.happened import Snapshot, happened, predicted
from tests.pull.house import SCOPE, SLUG, House, request
from tests.pull.test_aside import spoil_job
from xpm.consent.access import practice_access
from xpm.entities.names import EVERYTHING, Entity
from xpm.pull.outcome import Counts
from xpm.pull.run import working
from xpm.pull.work import Work
from xpm.store.records import bulk
from xpm.store.records.kinds import CLIENTS
from xpm.store.records.rows import Applied, RecordRow
from xpm.store.records.versions import Effect
from xpm.store.vocabulary import ArchiveReason, RunStatus, SyncMode
from xpm.undo.changes import Change, DryRunResult
from xpm.undo.dry_run import DryRun
from xpm.xero.errors import XeroError

COUNTED = {*Counts.model_fields} - {"message"}


def calls(house: House) -> Counter[str]:
    """Every call since calls were last forgotten, sorted, because values are asked for in parallel."""
    house.asked()
    return Counter(f"{call['area']}/{call['path']}" for call in house.server.world.request_log.requests())


def dry_run_of(house: House, mode: SyncMode, entities: Sequence[Entity] = EVERYTHING) -> list[DryRunResult]:
    """The results of a dry run of these entities, which must write nothing."""
    stored = house.everything_stored()
    previews: list[DryRunResult] = []
    for entity in entities:
        previews.append(house.preview(entity, mode, previews))
    assert house.everything_stored() == stored
    return previews


def assert_dry_run_comes_true(
    house: House, mode: SyncMode = SyncMode.FULL, entities: Sequence[Entity] = EVERYTHING
) -> list[DryRunResult]:
    """A dry run of these entities predicts what a sync then does: calls, counts, status, records and fields."""
    house.forget_calls()
    previews = dry_run_of(house, mode, entities)
    asked = calls(house)
    before = Snapshot.of(house)
    house.forget_calls()
    for preview in previews:
        result = house.sync(preview.entity, mode)
        assert preview.model_dump(include=COUNTED) == result.model_dump(include=COUNTED)
    assert calls(house) == asked
    assert predicted(change for preview in previews for change in preview.changes) == happened(
        before, Snapshot.of(house)
    )
    return previews


def busy_day(house: House) -> None:
    """Edits of every kind that a sync has to distinguish."""
    clients, jobs, staff = (house.truth(entity) for entity in ("clients", "jobs", "staff"))
    edits.change(house.xpm, "clients", clients[0]["UUID"], {"Phone": "(02) 5550 0105", "Notes": [{"Title": "ā, 株"}]})
    edits.archive(house.xpm, clients[1]["UUID"])
    edits.delete(house.xpm, "clients", clients[2]["UUID"])
    edits.add(house.xpm, "clients", {"Name": "Newcomer & Co"})
    edits.add(house.xpm, "clients", {"Name": "Gone before it came", "IsArchived": "Yes"})
    edits.add(house.xpm, "groups", {"Name": "Rivers Family"})
    edits.change(house.xpm, "jobs", jobs[0]["ID"], {"Budget": "1.00", "State": "Completed"})
    edits.delete(house.xpm, "jobs", jobs[1]["ID"])
    edits.add(house.xpm, "jobs", {"Name": "Advice", "State": "Planned"})
    edits.add(house.xpm, "categories", {"Name": "Estates"})
    edits.delete(house.xpm, "staff", staff[0]["UUID"])
    edits.change(house.xpm, "staff", staff[1]["UUID"], {"Mobile": None})
    edits.add(house.xpm, "staff", {"Name": "Ash Rivers"})
    edits.delete(house.xpm, "tax_returns", house.truth("tax_returns")[0]["returnId"])
    edits.delete(house.xpm, "custom_field_definitions", house.truth("custom_field_definitions")[0]["UUID"])


@pytest.mark.parametrize("mode", SyncMode)
def test_a_dry_run_of_a_first_sync_lists_every_record_that_the_sync_adds(house: House, mode: SyncMode) -> None:
    previews = assert_dry_run_comes_true(house, mode)
    changes = [change for preview in previews for change in preview.changes]
    assert {change.effect for change in changes} == {Effect.ADDED}
    values = set() if mode is SyncMode.LISTS else {"job_custom_fields"}
    assert {change.kind for change in changes} >= {"client_group", "job_category", *values}
    assert all(change.name for change in changes)
    assert len(changes) > 30


@pytest.mark.parametrize("mode", SyncMode)
def test_a_dry_run_after_a_busy_day_predicts_the_sync_field_by_field(house: House, mode: SyncMode) -> None:
    house.sync_everything()
    house.server.world.clock.advance(900)  # longer than syncs of changes look back, and shorter than a token lives
    busy_day(house)
    assert_dry_run_comes_true(house, mode)


def test_a_dry_run_lists_restored_records(house: House) -> None:
    house.sync_everything()
    client, member = house.truth("clients")[0], house.truth("staff")[0]
    edits.archive(house.xpm, client["UUID"])
    edits.delete(house.xpm, "staff", member["UUID"])
    house.sync_everything()
    edits.change(house.xpm, "clients", client["UUID"], {"IsArchived": "No", "Phone": "(02) 5550 0106"})
    edits.add(house.xpm, "staff", {"UUID": member["UUID"], "Name": "Back Again"})
    previews = assert_dry_run_comes_true(house)
    effects = {(change.key, change.effect) for preview in previews for change in preview.changes}
    assert {(client["UUID"], Effect.RESTORED), (member["UUID"], Effect.RESTORED)} <= effects


def test_a_dry_run_lists_nothing_if_nothing_changed(house: House) -> None:
    house.sync_everything()
    assert [change for preview in assert_dry_run_comes_true(house) for change in preview.changes] == []


@pytest.mark.deep
@settings(
    max_examples=12,
    derandomize=True,  # an example begins where the one before ended, so they only mean something in their order
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(changes=st.integers(1, 30), mode=st.sampled_from(SyncMode))
def test_whatever_changes_in_xpm_the_dry_run_predicts_it(house: House, changes: int, mode: SyncMode) -> None:
    """One day after the other at the same practice. Each begins where the previous day ended."""
    make_random_edits(house.xpm, seed=len(house.runs()), changes=changes)
    assert_dry_run_comes_true(house, mode)


def only_change(house: House, entity: Entity, kind: str) -> Change:
    """The only change of this kind in a dry run."""
    (change,) = [change for change in house.preview(entity).changes if change.kind == kind]
    return change


@pytest.mark.also_on_postgresql("values as stored")
def test_a_field_is_shown_as_fyi_has_it_and_as_xpm_has_it(house: House) -> None:
    house.sync_everything()
    job = next(row for row in house.rows("job") if row["tasks"] and row["budget"] is not None)
    record = next(one for one in house.truth("jobs") if one["ID"] == job["number"])
    task = record["Tasks"][0]
    done = not job["tasks"][0]["completed"]
    changed = [{**task, "Completed": str(done).lower()}, *record["Tasks"][1:]]
    edits.change(house.xpm, "jobs", job["number"], {"Budget": "1234.50", "Tasks": changed})
    change = only_change(house, Entity.JOBS, "job")
    assert (change.effect, change.called, change.name) == (Effect.CHANGED, job["number"], job["name"])
    fields = {field.field: (field.before, field.after) for field in change.fields}
    words = {True: "yes", False: "no"}
    assert fields == {
        "budget": (f"{job['budget']:f}", "1234.50"),
        f"tasks > {task['Name']} > completed": (words[not done], words[done]),
    }


def test_a_custom_field_is_shown_by_its_name_and_its_owners_name(house: House) -> None:
    house.sync_everything()
    field = next(row for row in house.truth("custom_field_definitions") if row["ValueElement"] == "Text")
    client = min(row["uuid"] for row in house.rows("client") if row["archived_at"] is None)
    for text in ("Before", "After"):
        edits.change(house.xpm, "custom_field_values", client, {"values": [{"UUID": field["UUID"], "Text": text}]})
        change = only_change(house, Entity.CUSTOM_FIELDS, "client_custom_fields")
        house.sync(Entity.CUSTOM_FIELDS)
    (predicted_field,) = change.fields
    assert change.name == next(row["name"] for row in house.rows("client") if row["uuid"] == client)
    assert predicted_field.field == f"custom_field_value > {field['Name']} > text"
    assert (predicted_field.before, predicted_field.after) == ("Before", "After")


def test_only_key_and_name_of_an_added_record_are_kept(house: House) -> None:
    """A dry run of a large practice's first sync must fit into memory."""
    assert {change.fields for change in house.preview(Entity.JOBS).changes} == {()}


def test_a_dry_run_refuses_too_many_missing_records_as_the_sync_does(house: House) -> None:
    hired = [edits.add(house.xpm, "staff", {"Name": f"Person {n}"})["UUID"] for n in range(21)]
    house.sync_everything()
    for uuid in hired:
        edits.delete(house.xpm, "staff", uuid)
    (preview,) = assert_dry_run_comes_true(house, entities=[Entity.STAFF])
    assert (preview.status, preview.archived) == (RunStatus.ACTION_REQUIRED, 0)
    assert preview.message.key == "sync.would_need_attention"
    assert preview.message.title.endswith("Staff: 21 of 25 are suddenly missing in Xero Practice Manager")


def test_the_tolerated_share_includes_records_that_would_be_added(house: House) -> None:
    """24 missing are more than 2 % of 1,190, but less than 2 % of those plus 30 new ones."""
    there = len(house.truth("staff"))
    hired = [edits.add(house.xpm, "staff", {"Name": f"Person {n}"})["UUID"] for n in range(1190 - there)]
    house.sync(Entity.STAFF)
    for uuid in hired[:24]:
        edits.delete(house.xpm, "staff", uuid)
    for number in range(30):
        edits.add(house.xpm, "staff", {"Name": f"New {number}"})
    (preview,) = assert_dry_run_comes_true(house, entities=[Entity.STAFF])
    assert preview.archived == 24


def test_an_unreadable_record_shows_in_the_dry_run_and_is_not_quarantined(house: House) -> None:
    house.sync_everything()
    number = house.truth("jobs")[0]["ID"]
    spoil_job(house, number)
    (preview,) = assert_dry_run_comes_true(house, entities=[Entity.JOBS])
    assert (preview.status, preview.quarantined) == (RunStatus.ACTION_REQUIRED, 1)
    (change,) = preview.changes
    assert (change.effect, change.kind, change.called) == (Effect.SET_ASIDE, "job", number)
    assert "not well-formed" in change.fields[0].after
    assert "about ten" not in preview.model_dump_json()
    assert [entry.record_key for entry in house.aside()] == [house.key_of(number)]  # by the sync


def test_a_dry_run_that_can_read_a_quarantined_record_leaves_it_in_quarantine(house: House) -> None:
    house.order("bad_record", "client.api/list")
    house.sync(Entity.CLIENTS)
    (aside,) = house.aside()
    preview = house.preview(Entity.CLIENTS)
    assert [change.key for change in preview.changes if change.kind == "client"] == [aside.record_key]
    assert [entry.id for entry in house.aside()] == [aside.id]


def test_a_dry_run_leaves_no_watermark_so_no_change_is_lost(house: House) -> None:
    house.sync(Entity.CLIENTS)
    house.server.world.clock.advance(3600)
    edits.change(house.xpm, "clients", house.truth("clients")[0]["UUID"], {"Phone": "(02) 5550 0107"})
    assert house.preview(Entity.CLIENTS, SyncMode.CHANGES).changed == 1
    house.server.world.clock.advance(3600)
    assert house.sync(Entity.CLIENTS, SyncMode.CHANGES).changed == 1


def test_a_job_no_longer_current_is_asked_for_by_both_dry_run_and_sync(house: House) -> None:
    house.sync(Entity.JOBS)
    number = house.name_of(house.rows("current_job")[0]["key"])
    edits.delete(house.xpm, "jobs", number)
    (preview,) = assert_dry_run_comes_true(house, SyncMode.CHANGES, [Entity.JOBS])
    assert [(change.called, change.effect) for change in preview.changes] == [(number, Effect.ARCHIVED)]


def test_a_dry_run_that_xero_cuts_short_raises_and_writes_nothing(house: House) -> None:
    house.sync(Entity.JOBS)
    stored = house.everything_stored()
    house.order("error_body", "job.api/current", description="No", times=0)
    with pytest.raises(XeroError):
        house.preview(Entity.JOBS)
    assert house.everything_stored() == stored


def test_a_dry_run_leaves_out_what_the_settings_rule_out_and_says_why(house: House) -> None:
    house.change_settings(import_tax_assessments=False)
    stored = house.everything_stored()
    preview = house.preview(Entity.TAX_RETURNS)
    assert (preview.status, preview.message.key) == (RunStatus.SKIPPED, "sync.skipped_tax_off")
    assert house.everything_stored() == stored


def test_a_dry_run_refreshes_expired_tokens_and_writes_nothing_else(house: House) -> None:
    stored = house.everything_stored()
    house.server.world.clock.advance(3600)
    house.preview(Entity.STAFF)
    now = house.everything_stored()
    assert {name for name in stored if stored[name] != now[name]} == {"consent", "lease"}
    assert [row["name"].partition("/")[0] for row in house.rows("lease")] == ["refresh"]


@pytest.mark.also_on_postgresql("a reader beside a writer")
def test_a_dry_run_runs_beside_a_sync_and_blocks_none(house: House) -> None:
    with practice_access(house.integration, SLUG) as access:
        running = working(house.integration, access, request(Entity.STAFF, flow_run_id="another"))
        with running, DryRun(house.integration, access, request(Entity.STAFF)).batch():
            assert house.preview(Entity.STAFF).added == len(house.truth("staff"))


Version = tuple[str, int, ArchiveReason | None]
Step = list[Version] | set[str]
"""A list that arrives, in which a key may come twice, or the keys of records that are gone."""

KEYS = st.sampled_from("abcd")
REASONS = st.sampled_from([None, None, ArchiveReason.ARCHIVED, ArchiveReason.DELETED])
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.lists(st.tuples(KEYS, st.integers(0, 2), REASONS), max_size=5), st.sets(KEYS)
)


def client(key: str, version: int, archived: ArchiveReason | None) -> RecordRow:
    """A version of an invented client."""
    columns: dict[str, object] = {
        **dict.fromkeys(CLIENTS.columns),
        "is_archived": False,
        "is_deleted": False,
        "notes": [],
    }
    return RecordRow(key, bytes([version]), {**columns, "name": f"version {version}"}, archived=archived)


def counts_of_batches(work: Work, steps: Sequence[Step]) -> Iterator[tuple[Applied | int, int]]:
    """The counts of each batch, and how many clients XPM is known to have after it."""
    for step in steps:
        with work.batch() as batch:
            counted = (
                batch.archive(CLIENTS, step)
                if isinstance(step, set)
                else batch.apply(CLIENTS, [client(*version) for version in step])
            )
        yield counted, work.count_present(CLIENTS)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(earlier=st.lists(STEPS, max_size=3), steps=st.lists(STEPS, max_size=5))
@example(earlier=[[("a", 0, None)], {"a"}], steps=[[("a", 1, None)], {"a"}])
def test_batches_count_the_same_in_a_dry_run_and_in_a_sync(
    house: House, earlier: list[Step], steps: list[Step]
) -> None:
    """Includes the same record several times in one run, as overlapping lists that change meanwhile can bring it."""
    with house.database.write() as session:
        session.connection().execute(delete(CLIENTS.table))
    with practice_access(house.integration, SLUG) as access:
        asked = request(Entity.CLIENTS)
        with working(house.integration, access, asked) as run:
            assert len([*counts_of_batches(run, earlier)]) == len(earlier)
            before = Snapshot.of(house)
            dry_run = DryRun(house.integration, access, asked)
            foreseen, present = [*counts_of_batches(dry_run, steps)], dry_run.count_present(CLIENTS)
            assert foreseen == [*counts_of_batches(run, steps)]
    with house.database.read() as session:
        assert bulk.count_present(session, CLIENTS, SCOPE) == present
    assert predicted(dry_run.expected.changes.values()) == happened(before, Snapshot.of(house))
