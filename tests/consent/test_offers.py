"""Which accounts a reconnect offers. Xero's mark on a connection is a hint about what is new, and never a filter."""

from dataclasses import replace

import pytest

from sandbox.world import COASTAL_BRANCH, COASTAL_NAME, HARBOUR_NAME, HARBOUR_VALE, SAM
from tests.consent.harbour import Harbour, move_in
from xpm.account.choice import choose, offers
from xpm.account.confirmation import is_open
from xpm.account.reset import check_chosen, reset
from xpm.words import Message

BOTH = (HARBOUR_VALE, COASTAL_BRANCH)


def offered(harbour: Harbour, *tenants: str, email: str | None = None, another_account: bool = False) -> list[str]:
    invitation = harbour.invite(email) if email else harbour.invite()
    harbour.consent(invitation, tenants=tenants)
    return [one.label for one in offers(harbour.integration, invitation, another_account=another_account)]


@pytest.mark.also_on_postgresql("rows are written again")
def test_a_renewed_connection_that_keeps_its_first_mark_is_offered_and_reset(connected: Harbour) -> None:
    connected.world.connections.keeps_event = True
    assert connected.connect(run="run-2").key == "connection.reset"


@pytest.mark.also_on_postgresql("rows are written again")
def test_a_connection_without_a_mark_is_offered_and_reset(connected: Harbour) -> None:
    connected.world.connections.keeps_event = True
    for known in connected.world.connections.where():
        known.event_id = None
    assert connected.connect(run="run-2").key == "connection.reset"


def test_a_first_connection_whose_mark_is_missing_offers_every_account_of_the_person(harbour: Harbour) -> None:
    harbour.consent(harbour.invite(run="run-0"), tenants=BOTH)
    harbour.world.connections.keeps_event = True
    assert offered(harbour, HARBOUR_VALE) == [HARBOUR_NAME, COASTAL_NAME]


def test_the_account_until_now_is_offered_beside_one_that_was_allowed_just_now(connected: Harbour) -> None:
    assert offered(connected, COASTAL_BRANCH) == [
        f"{COASTAL_NAME}, allowed just now",
        f"{HARBOUR_NAME}, connected until now",
    ]


def test_a_practice_that_moves_is_offered_what_was_allowed_just_now(connected: Harbour) -> None:
    assert offered(connected, COASTAL_BRANCH, another_account=True) == [f"{COASTAL_NAME}, allowed just now"]


@pytest.mark.parametrize("has_a_mark", [True, False])
@pytest.mark.also_on_postgresql("what is offered depends on what other practices have")
def test_an_account_whose_connection_kept_its_first_mark_is_offered_after_the_new_one(
    harbour: Harbour, has_a_mark: bool
) -> None:
    allowed_before(harbour, HARBOUR_VALE, has_a_mark=has_a_mark)
    assert offered(harbour, *BOTH) == [f"{COASTAL_NAME}, allowed just now", f"{HARBOUR_NAME}, first allowed earlier"]


def test_an_account_that_was_allowed_earlier_can_be_chosen_and_is_confirmed_by_its_name(harbour: Harbour) -> None:
    allowed_before(harbour, HARBOUR_VALE)
    invitation = harbour.invite()
    harbour.consent(invitation, tenants=BOTH)
    choose(harbour.integration, invitation, offers(harbour.integration, invitation)[1])
    assert is_open(harbour.integration, invitation)
    harbour.confirm(invitation)
    assert reset(harbour.integration, invitation).key == "connection.made"
    assert harbour.connection().tenant_id == HARBOUR_VALE


def test_a_practice_that_moves_is_also_offered_what_was_allowed_earlier(harbour: Harbour) -> None:
    harbour.connect(tenant=COASTAL_BRANCH)
    allowed_before(harbour, HARBOUR_VALE)
    assert offered(harbour, COASTAL_BRANCH, another_account=True) == [HARBOUR_NAME]


def test_a_practice_that_stays_is_not_offered_what_it_would_be_refused(connected: Harbour) -> None:
    allowed_before(connected, COASTAL_BRANCH)
    assert offered(connected, HARBOUR_VALE) == [f"{HARBOUR_NAME}, connected until now"]


def test_what_another_practice_has_is_not_offered_because_it_was_allowed_earlier(connected: Harbour) -> None:
    move_in(connected.integration, "coastal", "Coastal Accountants")
    assert offered(replace(connected, slug="coastal"), COASTAL_BRANCH) == [f"{COASTAL_NAME}, allowed just now"]


def allowed_before(harbour: Harbour, tenant: str, *, has_a_mark: bool = True) -> None:
    """Allow an account in a reconnect that was not finished; Xero keeps the mark of that consent, or has none."""
    harbour.consent(harbour.invite(run="run-earlier"), tenants=(tenant,))
    harbour.world.connections.keeps_event = True
    if not has_a_mark:
        for known in harbour.world.connections.where():
            known.event_id = None


def test_accounts_that_share_a_name_are_told_apart_by_the_end_of_their_ids(harbour: Harbour) -> None:
    harbour.world.accounts[COASTAL_BRANCH].name = HARBOUR_NAME
    assert (
        offered(harbour, *BOTH, email=SAM)
        == [  # who may also connect a ledger, which is not offered
            f"{HARBOUR_NAME} (its id ends in {tenant[-4:]}), allowed just now" for tenant in BOTH
        ]
    )


def checked(harbour: Harbour) -> Message:
    invitation = harbour.invite()
    harbour.consent(invitation)
    choose(harbour.integration, invitation, offers(harbour.integration, invitation)[0])
    return check_chosen(harbour.integration, invitation)


def test_a_part_that_has_no_address_at_xero_is_named_and_stops_nothing(connected: Harbour) -> None:
    connected.fault("xpm", "status", path="client.api/paged-list", status=404, body="", times=0)
    said = checked(connected)
    assert said.key == "preflight.ready_except"
    assert "clients" in said.title
    assert connected.connect(run="run-2").key == "connection.reset"
