"""Which accounts a consent offers. Xero's mark on a connection is a hint about what is new, and never a filter."""

import pytest

from sandbox.world import COASTAL_BRANCH, COASTAL_NAME, HARBOUR_NAME, HARBOUR_VALE, SAM
from tests.consent.harbour import Harbour
from xpm.account.choice import choose, offers
from xpm.account.reset import check_chosen
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
