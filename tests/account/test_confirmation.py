"""An account that is new to the practice is confirmed by its name before any of its rows is written."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.world import (
    COASTAL_BRANCH,
    HARBOUR_NAME,
    HARBOUR_VALE,
    SAM,
)
from tests.account.branch import (
    COASTAL,
    assert_nothing_was_written,
    chooses_coastal,
    rows_of,
    truth,
)
from tests.consent.harbour import Harbour, move_in
from xpm.account.choice import choose, offers
from xpm.account.comparison import compare
from xpm.account.confirmation import confirm, is_name_of, is_open, question, unconfirmed
from xpm.account.reset import reset
from xpm.consent.invitation import Invitation, withdraw
from xpm.words import Stopped


def test_a_wrong_account_of_a_thousand_records_is_refused_before_a_row_is_written(synced: Harbour) -> None:
    before, invitation = synced.facts(), synced.invite()
    synced.consent(invitation, tenants=(COASTAL_BRANCH,))
    assert (len(truth(synced, COASTAL_BRANCH, "clients")), len(truth(synced, COASTAL_BRANCH, "jobs"))) == (400, 1_000)
    with pytest.raises(Stopped) as stopped:
        synced.finish(invitation)
    said = stopped.value.message
    assert said.title == f"Harbour & Vale Accountants is connected to “{HARBOUR_NAME}”, but “{COASTAL}” was chosen"
    assert "start again and tick “This practice has moved to another Xero Practice Manager account”" in said.next
    assert_nothing_was_written(synced, before, said)


WRONG = {
    "nothing": "",
    "white space": "  ",
    "the old account": HARBOUR_NAME,
    "no dash": "Harbour & Vale Coastal Branch",
    "another letter": COASTAL.replace("B", "P"),
    "the label with the end of the id": f"{COASTAL} · {COASTAL_BRANCH[-4:]}",
}


@pytest.mark.parametrize("typed", WRONG.values(), ids=WRONG.keys())
def test_any_other_name_ends_the_move_and_nothing_is_written(synced: Harbour, typed: str) -> None:
    before, invitation = synced.facts(), chooses_coastal(synced)
    with pytest.raises(Stopped) as stopped:
        confirm(synced.integration, invitation, typed)
    said = stopped.value.message
    assert said.title == f"“{COASTAL}” was not confirmed as the account of Harbour & Vale Accountants"
    assert said.cause.startswith(
        f"“{typed.strip()}” was typed, which is not its name. Account until now: {HARBOUR_NAME}."
    )
    assert synced.attempt(invitation).confirmed_at is None
    with pytest.raises(Stopped):
        reset(synced.integration, invitation)
    assert_nothing_was_written(synced, before, said)


ALIKE = {
    "another letter case": COASTAL.upper(),
    "a hyphen for the dash": "Harbour & Vale - Coastal Branch",
    "an em dash": "Harbour & Vale \N{EM DASH} Coastal Branch",
    "a minus sign": "Harbour & Vale \N{MINUS SIGN} Coastal Branch",
    "more white space inside": "Harbour &  Vale\N{NO-BREAK SPACE}– Coastal\tBranch",  # noqa: RUF001
    "wide letters": COASTAL.replace("Harbour", "\uff28\uff41\uff52\uff42\uff4f\uff55\uff52"),
    "an invisible sign": COASTAL.replace("Coastal", "Coas\N{SOFT HYPHEN}tal\N{ZERO WIDTH SPACE}"),
}


@pytest.mark.parametrize("typed", ALIKE.values(), ids=ALIKE.keys())
def test_signs_that_look_alike_confirm_the_account(typed: str) -> None:
    assert is_name_of(typed, COASTAL)


@pytest.mark.parametrize(
    ("typed", "name"),
    [('O\'Neill "& Co"', "O’Neill “& Co”"), ("«Rata» d’Or", '"rata" d\'or')],  # noqa: RUF001
)
def test_quotation_marks_that_look_alike_confirm_the_account(typed: str, name: str) -> None:
    assert is_name_of(typed, name)


def test_accounts_whose_names_only_look_alike_are_told_apart_by_the_exact_name() -> None:
    dash, hyphen = "Vale – Branch", "Vale - Branch"  # noqa: RUF001
    assert is_name_of(dash, dash, [hyphen])
    assert not is_name_of(hyphen, dash, [hyphen])
    assert not is_name_of("vale - branch", dash, [hyphen])
    assert is_name_of("vale - branch", dash, ["Harbour & Vale"])


@given(st.text(min_size=1), st.text())
def test_a_name_always_confirms_its_own_account_and_only_a_like_one_another(name: str, other: str) -> None:
    assert is_name_of(name, name, [other])
    assert is_name_of(name, other) == is_name_of(other, name)


def test_no_answer_in_time_ends_the_move_and_nothing_is_written(synced: Harbour) -> None:
    before, invitation = synced.facts(), chooses_coastal(synced)
    said = unconfirmed(synced.integration, invitation).message
    assert said.title == f"Nobody confirmed that “{COASTAL}” is the account of Harbour & Vale Accountants"
    assert f"Account until now: {HARBOUR_NAME}." in said.cause
    assert_nothing_was_written(synced, before, said)


def test_the_reset_refuses_an_account_that_nobody_confirmed(synced: Harbour) -> None:
    before, invitation = synced.facts(), chooses_coastal(synced)
    with pytest.raises(Stopped) as stopped:
        reset(synced.integration, invitation)
    assert stopped.value.message.key == "choice.unconfirmed"
    assert_nothing_was_written(synced, before, stopped.value.message)


@pytest.mark.also_on_postgresql("one transaction over many tables")
def test_the_accounts_own_name_confirms_the_move_and_is_recorded(synced: Harbour) -> None:
    stored, invitation = rows_of(synced, HARBOUR_VALE), chooses_coastal(synced)
    assert is_open(synced.integration, invitation)
    confirm(synced.integration, invitation, f"  {COASTAL}\n")
    assert not is_open(synced.integration, invitation)
    said = reset(synced.integration, invitation)
    assert (
        said.cause
        == f"Mere Tāne connected it to “{COASTAL}” in place of “{HARBOUR_NAME}”, and typed the name to confirm it."
    )
    assert synced.entries()[-1] == said.key == "choice.moved"
    attempt = synced.attempt(invitation)
    assert attempt.confirmed_name == COASTAL
    assert attempt.confirmed_at
    assert (synced.connection().tenant_id, synced.connection().tenant_name) == (COASTAL_BRANCH, COASTAL)
    assert rows_of(synced, HARBOUR_VALE) == stored


def test_a_first_connection_also_asks_for_the_name(harbour: Harbour) -> None:
    before, invitation = harbour.facts(), harbour.invite()
    harbour.consent(invitation)
    harbour.choose(invitation)
    assert is_open(harbour.integration, invitation)
    compared = compare(harbour.integration, invitation)
    assert question(compared).cause == "Account until now: none. Nothing has been written yet."
    assert compared.sentences.startswith("No clients are stored yet; ")
    assert compared.sentences.endswith(f"would be added from {HARBOUR_NAME}.")
    with pytest.raises(Stopped) as stopped:
        reset(harbour.integration, invitation)
    withdraw(harbour.integration, harbour.slug, stopped.value, flow_run_id="run-1")
    assert stopped.value.message.key == "choice.unconfirmed"
    assert harbour.facts() == before


def test_the_same_account_as_before_needs_no_confirmation(synced: Harbour) -> None:
    invitation = synced.invite(SAM)
    synced.consent(invitation)
    synced.choose(invitation, another_account=True)
    assert not is_open(synced.integration, invitation)
    assert reset(synced.integration, invitation).key == "connection.reset"


def test_a_confirmation_holds_only_for_the_account_it_names(harbour: Harbour) -> None:
    invitation = harbour.invite()
    harbour.consent(invitation, tenants=(HARBOUR_VALE, COASTAL_BRANCH))
    first, second = offers(harbour.integration, invitation)
    choose(harbour.integration, invitation, first)
    confirm(harbour.integration, invitation, first.tenant_name)
    choose(harbour.integration, invitation, second)
    assert is_open(harbour.integration, invitation)
    with pytest.raises(Stopped):
        reset(harbour.integration, invitation)
    confirm(harbour.integration, invitation, second.tenant_name)
    assert reset(harbour.integration, invitation).key == "connection.made"


def test_a_retried_run_keeps_its_confirmation(synced: Harbour) -> None:
    confirm(synced.integration, chooses_coastal(synced), COASTAL)
    again = chooses_coastal_again(synced)
    assert not is_open(synced.integration, again)
    assert reset(synced.integration, again).key == "choice.moved"
    assert not is_open(synced.integration, chooses_coastal_again(synced))  # also if it failed after the reset


def chooses_coastal_again(harbour: Harbour) -> Invitation:
    """Retry the same run: it has its consent, and chooses the same account."""
    invitation = harbour.invite(run="run-1")
    harbour.choose(invitation, another_account=True)
    return invitation


def test_another_practices_account_is_refused_even_for_a_move(synced: Harbour) -> None:
    move_in(synced.integration, "coastal", "Coastal Accountants")
    replace(synced, slug="coastal").connect(SAM, run="run-c", tenant=COASTAL_BRANCH)
    before = synced.facts()
    with pytest.raises(Stopped) as stopped:
        chooses_coastal(synced)
    assert stopped.value.message.title == f"{COASTAL} is already connected to Coastal Accountants"
    assert_nothing_was_written(synced, before, stopped.value.message)
