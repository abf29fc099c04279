"""Waits for the administrator: in the browser for the login to Xero, in forms for the account and its name.

A deployed run is suspended: its program ends, and the answer makes any worker run the flow again from its beginning, up
to the question and past it. So nobody's answer depends on a program that lives on, and a wait takes no memory. A step
that is done is found done: see the rooms of the library. A run without a deployment is paused, for which its program
has to stay.

A wait belongs in a flow, not in a task. Whether Xero answered is read from FYI's own records, since everybody who can
see Prefect can press Resume. The forms carry a label and a name, never an id or a secret.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from math import ceil
from typing import Any, Literal, TypeVar

from prefect import get_client, pause_flow_run, suspend_flow_run
from prefect.exceptions import FlowPauseTimeout
from prefect.input import RunInput
from prefect.runtime import deployment, flow_run
from prefect.states import Running
from pydantic import Field, ValidationError, create_model

from tasks.connection import close_unanswered, is_answered, unconfirmed
from xpm.account.choice import Offer, none_of_these
from xpm.account.comparison import AccountComparison
from xpm.account.confirmation import is_name_of, question
from xpm.consent.invitation import Invitation
from xpm.words import message, stop

Form = TypeVar("Form", bound=RunInput)

LOOK_EVERY = 1  # seconds between checks whether the run was resumed
NAME_TRIES = 5  # in Prefect; the console asks as often as it takes, and passes on only the right name


class AllowAccess(RunInput):
    """The form of the first wait. It has no fields, since the answer comes from Xero."""


class ChooseAccount(RunInput):
    """The form of the second wait. Its dropdown lists the accounts that Xero offers, and a way out."""

    account: str


class ConfirmAccount(RunInput):
    """The form of the third wait, in which a person types the account's name. Its schema carries the comparison."""

    account_name: str
    stop: bool = False


def wait_for_consent(invited: Invitation) -> None:
    """Wait until Xero's answer has reached the console. A run that is resumed without an answer waits again."""
    said = message("consent.waiting", person=invited.person.name, until=invited.until, link=invited.link)
    form = AllowAccess.with_initial_data(description=f"{said.title}. {said.next}")
    for turn in range(1_000):
        seconds = (invited.expires_at - datetime.now(UTC)).total_seconds()
        if is_answered(invited):
            return
        if seconds <= 0:
            close_unanswered(invited)
            return
        answered(form, f"consent-{turn}", seconds)


def wait_for_choice(invited: Invitation, offers: Sequence[Offer]) -> Offer:
    """Wait with a form that lists the accounts on offer.

    Raises:
        Stopped: nobody chose in time, or somebody chose to stop.
    """
    by_label = {offer.label: offer for offer in offers}
    said = message("choice.waiting", person=invited.person.name, count=len(offers), practice=invited.practice_name)
    listed: Any = Literal[(*by_label, none_of_these())]  # a dropdown; known only now
    field = Field(title="Xero Practice Manager account", description=said.next)
    form = create_model("ChooseAccount", __base__=ChooseAccount, account=(listed, field))
    answer = answered(form.with_initial_data(description=said.text), about("account", *by_label), invited.minutes * 60)
    if answer is None:
        raise stop("choice.not_answered", minutes=invited.minutes, practice=invited.practice_name)
    if answer.account == none_of_these():
        raise stop("choice.stopped", practice=invited.practice_name)
    return by_label[answer.account]


def wait_for_name(invited: Invitation, compared: AccountComparison) -> str:
    """Wait with a form that shows the comparison and asks for the account's name; return what was typed.

    A name that is not the account's is asked for again; the last try is returned as it is.

    Raises:
        Stopped: nobody typed anything in time, or somebody chose to stop.
    """
    typed = ""
    for turn in range(NAME_TRIES):
        form = _asking_for_name(compared, turn, typed)
        answer = answered(form, about(f"name-{turn}", compared.tenant_name), invited.minutes * 60)
        if answer is None:
            raise unconfirmed(invited)
        if answer.stop:
            raise stop("choice.stopped", practice=invited.practice_name)
        typed = answer.account_name
        if is_name_of(typed, compared.tenant_name, compared.others):
            break
    return typed


def _asking_for_name(compared: AccountComparison, turn: int, typed: str) -> type[ConfirmAccount]:
    """Make the form; from the second turn on it says what was wrong before."""
    said = question(compared)
    name: Any = Field(
        title="Name of the Xero Practice Manager account",
        description=said.next,
        json_schema_extra={"compared": compared.model_dump(mode="json")},
    )
    way_out: Any = Field(default=False, title=none_of_these())
    form = create_model("ConfirmAccount", __base__=ConfirmAccount, account_name=(str, name), stop=(bool, way_out))
    before = f"{message('choice.try_again', typed=typed).text}\n\n" if turn else ""
    return form.with_initial_data(description=f"{before}{compared.sentences}\n\n{said.text}")


def about(question: str, *facts: str) -> str:
    """The key of a question about these facts: about others it is another question, and is asked again."""
    digest = sha256("\n".join(facts).encode()).hexdigest()
    return f"{question}-{digest[:16]}"


def answered(form: type[Form], key: str, seconds: float) -> Form | None:
    """Wait for an answer, and return it; `None` if none came in time. Each question of a run has a key of its own."""
    return _suspended(form, key) if deployment.id else _paused(form, key, seconds)


def _suspended(form: type[Form], key: str) -> Form | None:
    """Suspend the run, or return what was answered: Prefect knows by the key that it has asked already.

    Prefect is given no time limit, since it would end the run without a word to Practice Activity. Instead,
    `tasks.waiting` wakes a run whose time is up, which then finds no answer.
    """
    try:
        return suspend_flow_run(wait_for_input=form, key=key)
    except ValidationError:  # no field of the form has a value
        return None


def _paused(form: type[Form], key: str, seconds: float) -> Form | None:
    try:
        return pause_flow_run(
            wait_for_input=form,
            timeout=max(1, ceil(seconds)),
            poll_interval=LOOK_EVERY,
            key=f"{key}-{flow_run.run_count}",  # a run without a deployment that is retried knows its earlier pauses
        )
    except FlowPauseTimeout:
        _run_again()
        return None


def _run_again() -> None:
    """Set the run to Running: when a pause runs out, the server fails the run with a message of its own."""
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(flow_run.id, Running(), force=True)
