"""The steps of the reconnect, named as the support article names them."""

from prefect import get_run_logger, task
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from prefect.runtime import flow_run

from tasks.announcing import announce, hand_out_news
from tasks.retrying import WAITS, telling_of_the_next_try, worth_retrying
from tasks.status import publish_status
from xpm.account import choice, comparison, confirmation, reset
from xpm.account.choice import Offer
from xpm.account.comparison import AccountComparison, KindCompared
from xpm.consent import invitation, preflight, removal
from xpm.consent.access import is_broken, require_connected
from xpm.consent.invitation import Invitation
from xpm.consent.preflight import Person
from xpm.consent.watch import Notice
from xpm.integration import Integration
from xpm.words import Stopped, message, step_title
from xpm.words.moments import moment_in


@task(name=step_title("check_user_account"))
def check_user_account(practice: str, admin_email: str, long_term_user: bool) -> Person:
    """Check that the person who reconnects is an active FYI Admin and a long-term user.

    Raises:
        Stopped: the message lists every unmet condition.
    """
    with Integration.opened() as integration:
        integration.practice(practice)  # an unknown name must not become an artifact's key
        try:
            person = preflight.check_person(integration, practice, admin_email, stays=long_term_user)
        except Stopped as stopped:
            _publish_preflight(practice, stopped.message.text)
            raise
    _publish_preflight(practice, message("preflight.passed", person=person.name).text)
    return person


@task(name=step_title("publish_link"))
def publish_link(practice: str, person: Person, answer_within_minutes: float) -> Invitation:
    """Open an attempt to get the person's consent, and show where to log in."""
    with Integration.opened() as integration:
        invited = invitation.invite(
            integration, practice, person, minutes=answer_within_minutes, flow_run_id=flow_run.id
        )
    create_link_artifact(
        key=f"xpm-link-{practice}",
        link=invited.link,
        link_text="Log in to Xero and click Allow Access",
        description=f"For {person.name}, until {moment_in(invited.expires_at, invited.time_zone)}",
    )
    publish_status(practice)
    get_run_logger().info("Waiting for %s to log in to Xero: %s", person.name, invited.link)
    return invited


@task(name=step_title("allow_access"))
def check_consent(invited: Invitation) -> None:
    """Check that the invited person allowed access.

    Raises:
        Stopped: they did not.
    """
    with Integration.opened() as integration:
        invitation.require_granted(integration, invited)


@task(
    name=step_title("list_accounts"), retries=len(WAITS), retry_delay_seconds=WAITS, retry_condition_fn=worth_retrying
)
def offer_accounts(invited: Invitation, another_account: bool) -> list[Offer]:
    """List the Xero Practice Manager accounts that the practice may be connected to.

    Raises:
        Stopped: there are none.
    """
    with Integration.opened() as integration, telling_of_the_next_try(invited.practice, step_title("list_accounts")):
        return choice.offers(integration, invited, another_account=another_account)


@task(name=step_title("choose_account"))
def choose_account(invited: Invitation, offer: Offer, another_account: bool) -> None:
    """Accept the chosen account, unless FYI knows it to be the wrong one.

    Raises:
        Stopped: it is the wrong one.
    """
    with Integration.opened() as integration:
        choice.choose(integration, invited, offer, another_account=another_account)


@task(
    name=step_title("check_account"), retries=len(WAITS), retry_delay_seconds=WAITS, retry_condition_fn=worth_retrying
)
def check_account(invited: Invitation) -> None:
    """Check that the permissions are enough, and that every part of Xero Practice Manager answers.

    Raises:
        Stopped: an administrator has to change something first.
    """
    with Integration.opened() as integration, telling_of_the_next_try(invited.practice, step_title("check_account")):
        said = reset.check_chosen(integration, invited)
    _publish_preflight(invited.practice, said.text)


@task(
    name=step_title("compare_account"), retries=len(WAITS), retry_delay_seconds=WAITS, retry_condition_fn=worth_retrying
)
def compare_account(invited: Invitation, offered: list[Offer]) -> AccountComparison:
    """Compare FYI's records with the chosen account's, in `xpm-comparison-<practice>`; no record is written."""
    with Integration.opened() as integration, telling_of_the_next_try(invited.practice, step_title("compare_account")):
        compared = comparison.compare(integration, invited, offered)
    create_table_artifact(
        key=f"xpm-comparison-{invited.practice}",
        description=compared.sentences,
        table=[_row(kind) for kind in compared.kinds],
    )
    return compared


@task(name=step_title("confirm_account"))
def confirm_account(invited: Invitation, typed: str, compared: AccountComparison) -> None:
    """Confirm the account with the name that the administrator typed.

    Raises:
        Stopped: that is not the account's name.
    """
    with Integration.opened() as integration:
        confirmation.confirm(integration, invited, typed, compared.others)


@task(name=step_title("reset_connection"))
def reset_connection(invited: Invitation) -> None:
    """Replace the old consent with the new one, and log it to Practice Activity."""
    with Integration.opened() as integration:
        was_broken = is_broken(integration, invited.practice)
        said = reset.reset(integration, invited)
    if was_broken:
        announce(invited.practice, Notice.RECOVERED, said)
        hand_out_news(invited.practice)
    publish_status(invited.practice)
    get_run_logger().info(said.text)


@task(name=step_title("remove_old_connection"))
def remove_old_connection(invited: Invitation) -> None:
    """Remove unused connections of earlier consents at Xero. A failure is logged but never fails the run."""
    with Integration.opened() as integration:
        for said in removal.remove_superseded(integration, invited.practice, flow_run_id=invited.flow_run_id):
            get_run_logger().warning(said.text)


@task(name=step_title("check_connection"))
def check_connection(practice: str) -> None:
    """Check that the practice is known and connected; makes no call to Xero.

    Raises:
        Stopped: it is not.
    """
    with Integration.opened() as integration:
        require_connected(integration, integration.practice(practice))


def _row(kind: KindCompared) -> dict[str, object]:
    return {
        "What": kind.label,
        "In FYI": kind.stored,
        "In XPM": kind.in_xpm,
        "Same record": kind.same,
        "Same name": kind.same_name,
        "Would be archived": kind.would_be_archived,
        "Would be added": kind.would_be_added,
        "Newest start in FYI": str(kind.newest_stored or ""),
        "Newest start in XPM": str(kind.newest_in_xpm or ""),
    }


def _publish_preflight(practice: str, text: str) -> None:
    create_markdown_artifact(key=f"xpm-preflight-{practice}", markdown=text, description=text)


def is_answered(invited: Invitation) -> bool:
    """Whether Xero's answer has arrived, whatever it says."""
    with Integration.opened() as integration:
        return invitation.answered(integration, invited)


def close_unanswered(invited: Invitation) -> None:
    """Close the expired attempt; an answer that arrived at the last moment still counts."""
    with Integration.opened() as integration:
        invitation.expire(integration, invited)


def is_reset(invited: Invitation) -> bool:
    """Whether an earlier attempt of this run already did the reset."""
    with Integration.opened() as integration:
        return reset.is_reset(integration, invited)


def needs_confirmation(invited: Invitation) -> bool:
    """Whether the chosen account is new to the practice, and nobody has typed its name in this run yet."""
    with Integration.opened() as integration:
        return confirmation.is_open(integration, invited)


def unconfirmed(invited: Invitation) -> Stopped:
    """Return the `Stopped` for a run in which nobody typed the name in time."""
    with Integration.opened() as integration:
        return confirmation.unconfirmed(integration, invited)
