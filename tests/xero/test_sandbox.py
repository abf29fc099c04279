"""All of `xpm.xero` against the sandbox, over real HTTP."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from pydantic import SecretStr

from sandbox.world import COASTAL_BRANCH, HARBOUR_VALE, SAM
from tests.xero.practice import Keeper, Practice, whole
from xpm.entities.names import Entity
from xpm.entities.registry import DEFINITIONS
from xpm.xero import endpoints
from xpm.xero.api import LONGEST_WINDOW
from xpm.xero.connections import newly_named
from xpm.xero.errors import (
    AccessLost,
    AnswerLost,
    ConsentDeclined,
    ConsentNeeded,
    DayLimit,
    MisconfiguredApp,
    NotFound,
    UnreadableAnswer,
    XeroError,
    XeroUnavailable,
)
from xpm.xero.models import Job, XpmRecord
from xpm.xero.oauth import OAuthClient
from xpm.xero.records import Records, Unreadable
from xpm.xero.tax import TaxFeed


def test_a_consent_gives_an_identity_and_only_the_account_that_was_ticked(practice: Practice) -> None:
    grant = practice.consent(SAM, tenants=(COASTAL_BRANCH,))
    assert (grant.identity.email, grant.identity.given_name, grant.identity.family_name) == (SAM, "Sam", "Brooks")
    connections = practice.connections(Keeper(practice.oauth, grant.tokens))
    (tenant,) = newly_named(connections.accounts(), grant.authentication_event_id)
    assert tenant.tenant_id == COASTAL_BRANCH
    assert tenant.is_practice_manager
    assert tenant.created is not None
    assert {one.tenant_type for one in connections.all()} == {"PRACTICEMANAGER", "ORGANISATION"}
    assert newly_named(connections.accounts(), None) == (tenant,)


def test_a_second_consent_keeps_the_connection_and_updates_its_time(practice: Practice) -> None:
    first = practice.connections(practice.keeper()).all()[0]
    grant = practice.consent()
    accounts = practice.connections(Keeper(practice.oauth, grant.tokens)).accounts()
    (again,) = newly_named(accounts, grant.authentication_event_id)
    assert again.id == first.id
    assert first.updated is not None
    assert again.updated is not None
    assert again.updated > first.updated


def test_cancel_raises_consent_declined(practice: Practice) -> None:
    with pytest.raises(ConsentDeclined):
        practice.consent(allow=False)


@pytest.mark.parametrize(
    ("entity", "ask"),
    [
        ("clients", lambda api: api.clients()),
        ("staff", lambda api: api.list(endpoints.STAFF)),
        ("categories", lambda api: api.list(endpoints.JOB_CATEGORIES)),
        ("custom_field_definitions", lambda api: api.list(endpoints.CUSTOM_FIELD_DEFINITIONS)),
        ("groups", lambda api: api.list(endpoints.CLIENT_GROUPS)),
    ],
)
def test_a_list_matches_the_accounts_records(practice: Practice, entity: str, ask: Any) -> None:  # noqa: ANN401
    records = ask(practice.api(practice.keeper()))
    content = whole(records)
    assert content == [type(content[0]).model_validate(record) for record in practice.truth(entity)]
    assert records.facts.bytes > 100
    assert records.facts.server_time is not None
    if entity != "groups":  # the control API also shows a group's members
        assert_nothing_overlooked(records)


def assert_nothing_overlooked(records: Records[XpmRecord]) -> None:
    assert records.facts.unknown == {}


def test_current_jobs_and_date_ranges_together_cover_all_jobs(practice: Practice) -> None:
    api, last = practice.api(practice.keeper()), practice.server.world.clock.today()
    found = {job.number: job for job in whole(api.current_jobs())}
    for _ in range(8):
        found |= {job.number: job for job in whole(api.jobs_created(last - LONGEST_WINDOW, last))}
        last -= LONGEST_WINDOW + timedelta(days=1)
    assert found == {record["ID"]: Job.model_validate(record) for record in practice.truth("jobs")}


def test_a_single_record_equals_the_one_in_the_list(practice: Practice) -> None:
    api = practice.api(practice.keeper())
    client, job = whole(api.clients())[0], whole(api.current_jobs())[0]
    assert whole(api.client(client.uuid)) == [client]
    assert whole(api.job(job.number)) == [job]


def test_an_unknown_record_raises_not_found(practice: Practice) -> None:
    api = practice.api(practice.keeper())
    with pytest.raises(NotFound):
        whole(api.job("NO-SUCH-JOB"))
    with pytest.raises(NotFound):
        whole(api.client("00000000-0000-0000-0000-000000000000"))


def test_custom_field_values_match_the_accounts(practice: Practice) -> None:
    api = practice.api(practice.keeper())
    owners = [owner for owner in practice.truth("custom_field_values") if owner.get("values")]
    assert {owner["owner"] for owner in owners} == {"client", "job"}
    for owner in owners:
        ask = api.client_field_values if owner["owner"] == "client" else api.job_field_values
        assert [value.uuid for value in whole(ask(owner["key"]))] == [value["UUID"] for value in owner["values"]]


def test_modified_since_lists_only_clients_changed_since_then(practice: Practice) -> None:
    api = practice.api(practice.keeper())
    first = api.clients()
    (before, *_) = whole(first)
    assert first.facts.server_time is not None
    practice.server.world.clock.advance(3_600)
    url = f"{practice.server.url}/sandbox/tenants/{HARBOUR_VALE}/records/clients/{before.uuid}"
    practice.plain.patch(url, json={"Name": "Another & Name"}).raise_for_status()
    (changed,) = whole(api.clients(modified_since=first.facts.server_time + timedelta(minutes=30)))
    assert (changed.uuid, changed.name) == (before.uuid, "Another & Name")


def test_tax_returns_match_the_accounts_and_an_empty_feed_is_unreadable(practice: Practice) -> None:
    now = practice.server.world.clock.now
    keeper = practice.keeper()
    feed = TaxFeed(
        practice.http(keeper), f"{practice.server.url}/tax/returns", HARBOUR_VALE, practice.budget(), clock=now
    )
    returns = whole(feed.returns())
    assert {one.return_id for one in returns} == {one["returnId"] for one in practice.truth("tax_returns")}
    practice.fault("tax", "empty_list")
    with pytest.raises(UnreadableAnswer):
        list(feed.returns())


def test_a_token_about_to_expire_is_renewed_and_both_tokens_change(practice: Practice) -> None:
    keeper = practice.keeper()
    before = keeper.tokens
    practice.server.world.clock.advance(1_750)
    whole(practice.api(keeper).list(endpoints.STAFF))
    assert keeper.tokens.access_token != before.access_token
    assert keeper.tokens.refresh_token != before.refresh_token


def test_a_token_that_xero_calls_expired_is_renewed_and_the_list_is_read(practice: Practice) -> None:
    keeper = practice.keeper()
    before = keeper.tokens
    practice.fault("xpm", "token_expired")
    whole(practice.api(keeper).list(endpoints.STAFF))
    assert keeper.tokens != before


def test_after_a_lost_refresh_answer_the_same_token_works_within_the_grace_time(practice: Practice) -> None:
    tokens = practice.consent().tokens
    practice.fault("token", "lost_answer")
    with pytest.raises(AnswerLost):
        practice.oauth.refresh(tokens.refresh_token)
    newer = practice.oauth.refresh(tokens.refresh_token)
    assert newer.refresh_token != tokens.refresh_token
    practice.server.world.clock.advance(31 * 60)
    with pytest.raises(ConsentNeeded):
        practice.oauth.refresh(tokens.refresh_token)


def test_revocation_ends_the_tokens_and_the_connections(practice: Practice) -> None:
    keeper = practice.keeper()
    practice.oauth.revoke(keeper.tokens.refresh_token)
    with pytest.raises(ConsentNeeded):
        practice.oauth.refresh(keeper.tokens.refresh_token)
    with pytest.raises(XeroError):
        whole(practice.api(keeper).list(endpoints.STAFF))
    assert practice.connections(practice_again := practice.keeper()).all()
    assert practice_again.tokens != keeper.tokens


def test_a_wrong_secret_is_a_misconfigured_app_not_a_lost_consent(practice: Practice) -> None:
    tokens = practice.consent().tokens
    wrong = practice.app.model_copy(update={"client_secret": SecretStr("wrong")})
    with pytest.raises(MisconfiguredApp):
        OAuthClient(wrong, practice.plain).refresh(tokens.refresh_token)


def test_a_disconnected_account_gives_no_access(practice: Practice) -> None:
    keeper = practice.keeper()
    connections = practice.connections(keeper)
    (tenant,) = connections.all()
    connections.remove(tenant.id)
    connections.remove(tenant.id)
    assert connections.all() == ()
    with pytest.raises(AccessLost):
        whole(practice.api(keeper).list(endpoints.STAFF))


def test_a_tenant_that_is_not_connected_gives_no_access(practice: Practice) -> None:
    with pytest.raises(AccessLost):
        whole(practice.api(practice.keeper(), COASTAL_BRANCH).list(endpoints.STAFF))


def test_probes_find_every_area_readable(practice: Practice) -> None:
    api = practice.api(practice.keeper())
    probes = [probe for entity in Entity for probe in DEFINITIONS[entity].probes]
    assert len(probes) == 5
    assert [api.trouble_with(one.endpoint, one.params(date(2026, 7, 1))) for one in probes] == [None] * 5


@pytest.mark.parametrize(
    ("kind", "details", "expected"),
    [
        ("truncate", {"fraction": 0.3}, XeroError),
        ("truncate", {"fraction": 0.99}, XeroError),
        ("no_container", {}, UnreadableAnswer),
        ("garbage", {}, UnreadableAnswer),
        ("error_body", {"description": "Invalid client/contact identifier"}, NotFound),
        ("forbidden", {}, AccessLost),
        ("unauthorized", {}, ConsentNeeded),
        ("maintenance", {}, XeroUnavailable),
        ("status", {"status": 500, "body": ""}, XeroUnavailable),
        ("reset", {}, XeroUnavailable),
        ("limit", {"problem": "day", "retry_after": 40_000}, DayLimit),
    ],
)
def test_a_lasting_fault_ends_the_pull_with_its_error(
    practice: Practice, kind: str, details: dict[str, Any], expected: type[XeroError]
) -> None:
    api = practice.api(practice.keeper())
    practice.fault("xpm", kind, times=0, **details)
    with pytest.raises(expected):
        list(api.clients())


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("reset", {}),
        ("lost_answer", {}),
        ("maintenance", {}),
        ("status", {"status": 502, "body": "<html>"}),
        ("limit", {"problem": "concurrent"}),
        ("limit", {"problem": "minute", "retry_after": 3}),
        ("drip", {"bytes": 7, "delay": 0}),
    ],
)
def test_a_passing_fault_is_retried_until_it_is_over(practice: Practice, kind: str, details: dict[str, Any]) -> None:
    api = practice.api(practice.keeper())
    practice.fault("xpm", kind, **details)
    assert len(whole(api.list(endpoints.STAFF))) == len(practice.truth("staff"))


def test_one_bad_record_does_not_stop_the_list(practice: Practice) -> None:
    api = practice.api(practice.keeper())
    practice.fault("xpm", "bad_record", nth=2)
    content = list(api.clients())
    assert [isinstance(record, Unreadable) for record in content].count(True) == 1
    assert len(content) == len(practice.truth("clients"))


def test_many_threads_refresh_an_expired_token_only_once(practice: Practice) -> None:
    keeper = practice.keeper()
    practice.server.world.clock.advance(1_800)
    api = practice.api(keeper)
    counts: list[int] = []
    in_threads(8, lambda: counts.append(len(whole(api.list(endpoints.STAFF)))))
    assert len(counts) == 8
    usage = practice.plain.get(f"{practice.server.url}/sandbox/usage").json()
    assert "'refresh_token': 1" in str(usage)


def in_threads(count: int, work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)


def test_the_server_time_increases_from_pull_to_pull(practice: Practice) -> None:
    api = practice.api(practice.keeper())
    pulls = []
    for _ in range(3):
        pulls.append(api.list(endpoints.STAFF))
        whole(pulls[-1])
        practice.server.world.clock.advance(5)
    for earlier, later in pairwise(pulls):
        assert earlier.facts.server_time is not None
        assert later.facts.server_time is not None
        assert later.facts.server_time > earlier.facts.server_time
