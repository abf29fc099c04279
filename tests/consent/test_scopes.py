"""An app with fewer scopes: what they do not cover is left out, and nobody's person or connection is blamed."""

import time
from collections.abc import Collection
from dataclasses import replace

import pytest

from sandbox.world import CLIENT_ID, COASTAL_BRANCH, HARBOUR_VALE, MERE, SAM
from tests.consent.harbour import Harbour
from xpm.account.choice import choose, offers
from xpm.account.comparison import compare
from xpm.account.reset import check_chosen
from xpm.consent.access import practice_access
from xpm.consent.watch import Sighting, watch_connection
from xpm.entities.names import EVERYTHING, Entity
from xpm.pull.outcome import PullResult
from xpm.pull.pull import run_pull
from xpm.pull.work import PullRequest
from xpm.quota.prediction import predict_all
from xpm.store import news
from xpm.store.tables import OpenTrouble, StoreTable
from xpm.store.vocabulary import ActivityStatus, ConnectionState, RunStatus, SyncMode, SyncTrigger
from xpm.undo.dry_run import dry_run_pull
from xpm.words import Message, Stopped
from xpm.xero import endpoints
from xpm.xero.errors import ScopeMissing

IDENTITY = ("openid", "profile", "email", "offline_access")
BROAD, JOBS_ALONE = ("practicemanager.read",), ("practicemanager.job.read",)
GRANULAR = ("practicemanager.job.read", "practicemanager.client.read", "practicemanager.staff.read")

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # for rules that do not depend on it


def with_scopes(harbour: Harbour, scopes: Collection[str]) -> Harbour:
    """The same installation, whose Xero app has these scopes of XPM's and no others."""
    granted = (*IDENTITY, *scopes)
    harbour.world.apps[CLIENT_ID].scopes = set(granted)
    harbour.world.grants.revoke(MERE)  # otherwise the scopes of an earlier consent would still hold
    settings = harbour.integration.settings.model_copy(update={"xero_scopes": granted})
    return replace(harbour, integration=replace(harbour.integration, settings=settings))


def request(harbour: Harbour, entity: Entity, mode: SyncMode = SyncMode.FULL, *records: str) -> PullRequest:
    return PullRequest(harbour.slug, entity, mode, SyncTrigger.MANUAL, records=records)


def sync(harbour: Harbour, entity: Entity, mode: SyncMode = SyncMode.FULL, *records: str) -> PullResult:
    return run_pull(harbour.integration, request(harbour, entity, mode, *records))


def asked(harbour: Harbour) -> list[str]:
    """The paths that XPM was asked for since calls were last forgotten."""
    journal = harbour.world.request_log
    while any(use["in_flight"] for use in journal.usage()["tenants"].values()):
        time.sleep(0.001)  # the sandbox logs a call once its answer is sent, which may be after the caller read it
    return [seen["path"] for seen in journal.requests() if seen["area"] == "xpm"]


def forget_calls(harbour: Harbour) -> None:
    asked(harbour)
    harbour.world.request_log.clear()


def count(harbour: Harbour, table: str) -> int:
    with harbour.database.read() as session:
        return len(session.connection().execute(StoreTable.metadata.tables[table].select()).all())


def checked(harbour: Harbour) -> Message:
    invitation = harbour.invite()
    harbour.consent(invitation)
    harbour.choose(invitation)
    return check_chosen(harbour.integration, invitation)


@pytest.mark.parametrize(
    ("scopes", "outcomes", "watched"),
    [
        (
            BROAD,
            {
                Entity.JOBS: ("sync.succeeded", ""),
                Entity.CLIENTS: ("sync.succeeded", ""),
                Entity.STAFF: ("sync.succeeded", ""),
                Entity.CUSTOM_FIELDS: ("sync.values_compared", ""),
            },
            "category.api/list",
        ),
        (
            GRANULAR,
            {
                Entity.JOBS: ("sync.without_parts", "job categories"),
                Entity.CLIENTS: ("sync.succeeded", ""),
                Entity.STAFF: ("sync.succeeded", ""),
                Entity.CUSTOM_FIELDS: ("sync.without_parts", "definitions of custom fields"),
            },
            "staff.api/list",
        ),
        (
            JOBS_ALONE,
            {
                Entity.JOBS: ("sync.without_parts", "job categories"),
                Entity.CLIENTS: ("sync.skipped_scope", "practicemanager.client.read"),
                Entity.STAFF: ("sync.skipped_scope", "practicemanager.staff.read"),
                Entity.CUSTOM_FIELDS: (
                    "sync.without_parts",
                    "definitions of custom fields, custom fields of clients",
                ),
            },
            "job.api/list",
        ),
    ],
    ids=["broad", "granular", "jobs alone"],
)
def test_an_app_syncs_what_its_scopes_cover_and_says_what_it_leaves_out(
    harbour: Harbour, scopes: tuple[str, ...], outcomes: dict[Entity, tuple[str, str]], watched: str
) -> None:
    harbour = with_scopes(harbour, scopes)
    harbour.connect()
    for entity, (key, named) in outcomes.items():
        forget_calls(harbour)
        result = sync(harbour, entity)
        assert (result.message.key, named in result.message.text) == (key, True), entity
        is_skipped = key == "sync.skipped_scope"
        assert result.status is (RunStatus.SKIPPED if is_skipped else RunStatus.SUCCESS)
        assert (result.message.status is ActivityStatus.ALERT) == bool(named)
        assert (asked(harbour) == []) == is_skipped  # no call is wasted
        assert MERE not in result.message.text
        assert "Mere" not in result.message.text
    stored = {table for table in ("job", "client", "staff", "job_category") if count(harbour, table)}
    assert stored == {BROAD: {"job", "client", "staff", "job_category"}, GRANULAR: {"job", "client", "staff"}}.get(
        scopes, {"job"}
    )
    owners = {path.partition("/")[0] for path in asked(harbour) if path.endswith("/customfield")}
    assert owners == {"job.api"} | ({"client.api"} if scopes != JOBS_ALONE else set())

    forget_calls(harbour)
    seen = watch_connection(harbour.integration, harbour.slug)
    assert (seen.connected, asked(harbour)) == (True, [watched])
    assert [one.key for one in seen.found] == (["watch.permissions_missing"] if scopes == JOBS_ALONE else [])
    assert harbour.connection().state is ConnectionState.CONNECTED


@on_sqlite
@pytest.mark.parametrize(
    ("scopes", "key", "parts"),
    [
        (BROAD, "preflight.ready", ""),
        (GRANULAR, "preflight.ready_without", ": job categories, custom fields"),
        (JOBS_ALONE, "preflight.ready_without", ": job categories, clients, staff, custom fields"),
        (
            ("practicemanager.client", "practicemanager.job.read"),
            "preflight.ready_without",
            ": job categories, staff, custom fields",
        ),
    ],
)
def test_a_reconnect_goes_on_without_what_the_app_may_not_read(
    harbour: Harbour, scopes: tuple[str, ...], key: str, parts: str
) -> None:
    said = checked(with_scopes(harbour, scopes))
    assert (said.key, said.title.endswith(parts)) == (key, True)


@on_sqlite
@pytest.mark.parametrize("scopes", [(), ("practicemanager.time",)])
def test_an_app_that_may_read_nothing_is_refused_before_a_call(harbour: Harbour, scopes: tuple[str, ...]) -> None:
    harbour = with_scopes(harbour, scopes)
    with pytest.raises(Stopped) as stopped:
        checked(harbour)
    assert stopped.value.message.key == "preflight.scopes_missing"
    assert "practicemanager.job.read" in stopped.value.message.cause
    assert "Mere" not in stopped.value.message.text
    assert asked(harbour) == []


@on_sqlite
@pytest.mark.parametrize("scopes", [BROAD, GRANULAR, JOBS_ALONE])
def test_a_lost_privilege_is_told_from_a_missing_scope_whatever_the_scopes(
    harbour: Harbour, scopes: tuple[str, ...]
) -> None:
    harbour = with_scopes(harbour, scopes)
    harbour.connect()
    harbour.at_xero(MERE, privilege=False)
    with pytest.raises(Stopped) as stopped:
        sync(harbour, Entity.JOBS)
    assert stopped.value.message.key == "connection.privilege_lost"
    harbour.at_xero(MERE, privilege=True)
    assert [one.message.key for one in watch_connection(harbour.integration, harbour.slug).news] == ["watch.recovered"]


@on_sqlite
def test_a_refusal_for_want_of_a_scope_never_breaks_the_connection(connected: Harbour) -> None:
    body = '{"Title": "Unauthorized", "Status": 401, "Detail": "AuthorizationUnsuccessful"}'
    connected.fault("xpm", "status", status=401, body=body, times=0)
    before, entries = connected.connection(), connected.entries()
    with (
        pytest.raises(ScopeMissing),
        practice_access(connected.integration, connected.slug) as access,
    ):
        list(access.api.list(endpoints.STAFF))
    watch_connection(connected.integration, connected.slug)
    assert (connected.connection(), connected.entries()) == (before, entries)


@on_sqlite
def test_only_what_the_scopes_cover_is_compared_before_an_account_is_confirmed(harbour: Harbour) -> None:
    harbour = with_scopes(harbour, JOBS_ALONE)
    harbour.connect()
    invitation = harbour.invite(run="run-1")
    harbour.consent(invitation, tenants=(COASTAL_BRANCH,))
    choose(harbour.integration, invitation, offers(harbour.integration, invitation)[0], another_account=True)
    assert [kind.label for kind in compare(harbour.integration, invitation).kinds] == ["Current jobs"]


def test_what_fyi_has_of_a_part_stays_when_its_scope_is_gone(connected: Harbour) -> None:
    for entity in EVERYTHING:
        sync(connected, entity)
    tables = ("client", "staff", "job_category", "custom_field_definition", "custom_field_value")
    before = connected.facts()
    narrow = with_scopes(connected, JOBS_ALONE)
    narrow.connect(run="run-1")
    client = next(iter(narrow.world.accounts[HARBOUR_VALE].clients.records()))["UUID"]
    expected = predict_all(narrow.integration, narrow.slug, EVERYTHING, SyncMode.FULL)
    tried = dry_run_pull(narrow.integration, request(narrow, Entity.CUSTOM_FIELDS))
    chosen = sync(narrow, Entity.CUSTOM_FIELDS, SyncMode.FULL, client)
    results = {entity: sync(narrow, entity) for entity in EVERYTHING}
    assert {name: narrow.facts()[name] for name in tables} == {name: before[name] for name in tables}
    assert expected.keys().isdisjoint({Entity.CLIENTS, Entity.STAFF})
    assert expected[Entity.CUSTOM_FIELDS].calls == results[Entity.CUSTOM_FIELDS].calls == 1 + count(narrow, "job")
    assert tried.message.key == "sync.would_be_without_parts"
    assert chosen.message.key == "sync.chosen_without_parts"  # and not "there is no such client"


@on_sqlite
def test_nobody_is_missed_on_a_staff_list_that_the_app_may_no_longer_read(connected: Harbour) -> None:
    connected.at_xero(SAM, on_staff=False)
    sync(connected, Entity.STAFF)
    narrow = with_scopes(connected, JOBS_ALONE)
    narrow.connect(SAM, run="run-1")
    seen = watch_connection(narrow.integration, narrow.slug)
    assert [one.key for one in seen.found] == ["watch.permissions_missing"]


def test_edits_wait_until_a_consent_that_only_reads_is_given_anew(harbour: Harbour) -> None:
    with_scopes(harbour, BROAD).connect()
    pushing = replace(
        harbour,
        integration=replace(
            harbour.integration, settings=harbour.integration.settings.model_copy(update={"xpm_push": True})
        ),
    )
    harbour.world.apps[CLIENT_ID].scopes |= {"practicemanager"}

    for _ in range(3):
        seen = watch_connection(pushing.integration, pushing.slug)
        assert (seen.connected, [one.key for one in seen.found]) == (True, ["watch.edits_wait"])
    assert pushing.entries().count("watch.edits_wait") == 1
    assert [trouble.trouble for trouble in troubles(pushing)] == ["permissions"]
    assert sync(pushing, Entity.STAFF).status is RunStatus.SUCCESS

    pushing.connect(run="run-1")
    assert watch_connection(pushing.integration, pushing.slug) == Sighting(connected=True)
    assert troubles(pushing) == []


@on_sqlite
def test_a_consent_that_may_write_keeps_working_where_edits_are_not_sent(harbour: Harbour) -> None:
    harbour = with_scopes(harbour, ("practicemanager",))
    harbour.connect()
    assert watch_connection(harbour.integration, harbour.slug) == Sighting(connected=True)
    assert sync(harbour, Entity.CUSTOM_FIELDS).message.key == "sync.values_none"


def troubles(harbour: Harbour) -> list[OpenTrouble]:
    with harbour.database.read() as session:
        return news.troubles(session, harbour.slug)
