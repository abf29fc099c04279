"""Which entities a sync includes, by setting, trigger, country and tax source."""

import datetime as dt
from itertools import product

import pytest

from sandbox.world import MERE, SAM
from tests.pull.house import SLUG, House
from xpm.entities.gates import reason_to_skip
from xpm.entities.names import EVERYTHING, Entity
from xpm.store import people, practices
from xpm.store.tables import IntegrationSettings, Practice
from xpm.store.vocabulary import ActivityStatus, RunStatus, SyncTrigger
from xpm.xero.scopes import READ

NOW = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
MANUAL, OVERNIGHT, RECONNECT = SyncTrigger.MANUAL, SyncTrigger.OVERNIGHT, SyncTrigger.RECONNECT


def reason(
    entity: Entity,
    trigger: SyncTrigger,
    *,
    country: str = "AU",
    tax_source: bool = True,
    by_user: bool = False,
    granted: frozenset[str] | None = frozenset({READ}),
    **switches: bool,
) -> str | None:
    """The reason why a practice with these settings skips an entity."""
    practice = Practice(
        slug="acme",
        name="Acme",
        country=country,
        time_zone="Australia/Sydney",
        history_start=NOW.date(),
        created_at=NOW,
    )
    settings = IntegrationSettings(
        practice="acme", updated_at=NOW, import_tax_assessments=country in practices.TAX_COUNTRIES
    )
    for switch, on in switches.items():
        setattr(settings, switch, on)
    return reason_to_skip(entity, trigger, practice, settings, granted, tax_source=tax_source, by_user=by_user)


@pytest.mark.parametrize(("entity", "trigger"), [*product(EVERYTHING, SyncTrigger)])
def test_by_default_everything_runs_in_australia_whatever_the_trigger(entity: Entity, trigger: SyncTrigger) -> None:
    assert reason(entity, trigger) is None


@pytest.mark.parametrize("trigger", SyncTrigger)
def test_maintain_jobs_in_fyi_takes_the_sync_of_jobs_from_users_and_from_nobody_else(trigger: SyncTrigger) -> None:
    assert reason(Entity.JOBS, trigger, maintain_jobs=True, by_user=True) == "sync.skipped_jobs"
    assert reason(Entity.JOBS, trigger, maintain_jobs=True) is None
    assert reason(Entity.JOBS, trigger, by_user=True) is None


@pytest.mark.parametrize(
    ("trigger", "skipped"), [(MANUAL, None), (RECONNECT, None), (OVERNIGHT, "sync.skipped_custom_fields")]
)
def test_sync_custom_fields_from_xpm_applies_only_to_the_overnight_sync(
    trigger: SyncTrigger, skipped: str | None
) -> None:
    assert reason(Entity.CUSTOM_FIELDS, trigger, sync_custom_fields=False) == skipped


@pytest.mark.parametrize(
    ("country", "import_tax", "source", "skipped"),
    [
        ("AU", True, True, None),
        ("NZ", True, True, None),
        ("AU", False, True, "sync.skipped_tax_off"),
        ("AU", True, False, "sync.skipped_tax_no_source"),
        ("GB", True, True, "sync.skipped_tax_country"),
        ("GB", False, False, "sync.skipped_tax_country"),
    ],
)
@pytest.mark.parametrize("trigger", SyncTrigger)
def test_tax_returns_need_a_country_with_xero_tax_the_setting_and_a_source(
    trigger: SyncTrigger, country: str, import_tax: bool, source: bool, skipped: str | None
) -> None:
    found = reason(Entity.TAX_RETURNS, trigger, country=country, tax_source=source, import_tax_assessments=import_tax)
    assert found == skipped


@pytest.mark.parametrize("trigger", SyncTrigger)
def test_maintain_invoices_has_no_effect_yet(trigger: SyncTrigger) -> None:
    assert [reason(entity, trigger, maintain_invoices=True) for entity in EVERYTHING] == [None] * len(EVERYTHING)


@pytest.mark.parametrize("entity", [Entity.CLIENTS, Entity.STAFF])
def test_no_setting_rules_out_clients_or_staff(entity: Entity) -> None:
    for trigger in SyncTrigger:
        off = reason(entity, trigger, maintain_jobs=True, sync_custom_fields=False, import_tax_assessments=False)
        assert off is None


@pytest.mark.parametrize(
    ("area", "included"),
    [
        ("job", {Entity.JOBS, Entity.CUSTOM_FIELDS}),
        ("client", {Entity.CLIENTS, Entity.CUSTOM_FIELDS}),
        ("staff", {Entity.STAFF}),
        ("time", set()),
    ],
)
@pytest.mark.parametrize("suffix", ["", ".read"])
def test_what_no_scope_covers_is_left_out_and_tax_returns_need_none(
    area: str, suffix: str, included: set[Entity]
) -> None:
    granted = frozenset({f"practicemanager.{area}{suffix}"})
    reasons = {entity: reason(entity, MANUAL, granted=granted) for entity in EVERYTHING}
    assert {entity for entity in EVERYTHING if reasons[entity] is None} == included | {Entity.TAX_RETURNS}
    assert set(reasons.values()) == {None, "sync.skipped_scope"}


@pytest.mark.parametrize("entity", EVERYTHING)
def test_a_practice_that_never_connected_lacks_no_scope(entity: Entity) -> None:
    assert reason(entity, MANUAL, granted=None) is None


def test_a_skipped_sync_makes_no_call_writes_no_record_and_says_why(house: House) -> None:
    house.change_settings(maintain_jobs=True)
    with house.database.write() as session:
        people.add(session, SLUG, SAM, "Sam Brooks", is_admin=False)
    house.forget_calls()
    result = house.sync(Entity.JOBS, person=SAM)
    assert (result.status, result.message.key) == (RunStatus.SKIPPED, "sync.skipped_jobs")
    assert result.message.status is ActivityStatus.ALERT
    assert house.asked() == []
    assert house.rows("job") == []
    (run,) = house.runs()
    assert (run.status, run.reason_key) == (RunStatus.SKIPPED, "sync.skipped_jobs")
    assert house.sync(Entity.JOBS, person=MERE).status is RunStatus.SUCCESS


def test_without_a_feed_tax_returns_are_left_out_and_none_is_archived(sqlite_house: House) -> None:
    sqlite_house.sync(Entity.TAX_RETURNS)
    stored = sqlite_house.active("tax_return", "return_id")
    result = sqlite_house.with_settings(xero_tax_url=None).sync(Entity.TAX_RETURNS)
    assert result.message.key == "sync.skipped_tax_no_source"
    assert sqlite_house.active("tax_return", "return_id") == stored
