"""Resets the connection between FYI and Xero Practice Manager, then brings the data up to date.

The runbook of FYI's article "Resetting your connection between FYI and Xero Practice Manager", step by step:
check the user account → log in to Xero and allow access → choose the account → sync jobs, clients, staff and tax
returns → an entry in Practice Activity. An account that is new to the practice is first compared, and confirmed by
its name.

Writes the artifacts `xpm-link-<practice>`, `xpm-comparison-<practice>`, `xpm-connection-<practice>` and
`xpm-sync-<practice>`. Needs the console, which receives Xero's answer. A stopped runbook ends *Action Required* and
leaves the connection as it was.
"""

from typing import Annotated, Any

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from flows.ending import cancelled, crashed, ended, failed, stopped
from flows.waiting import wait_for_choice, wait_for_consent, wait_for_name
from tasks.connection import (
    check_account,
    check_consent,
    check_user_account,
    choose_account,
    compare_account,
    confirm_account,
    is_reset,
    needs_confirmation,
    offer_accounts,
    publish_link,
    remove_old_connection,
    reset_connection,
)
from tasks.sync import SYNCS
from tasks.trail import begin
from tasks.waiting import MINUTES
from xpm.consent.invitation import Invitation
from xpm.entities.names import EVERYTHING
from xpm.store.vocabulary import SyncMode, SyncTrigger
from xpm.words import Stopped
from xpm.xero.errors import XeroError

Minutes = Annotated[float, Field(gt=0, le=24 * 60)]


@flow(
    name="reconnect",
    flow_run_name="{practice} · reconnect and resync",
    on_crashed=[crashed],
    on_cancellation=[cancelled],
    on_failure=[failed],
)
def reconnect(
    practice: str,
    admin_email: str,
    long_term_user: bool = False,
    answer_within_minutes: Minutes = MINUTES,
    another_account: bool = False,
) -> State[Any]:
    """Reconnect XPM, then sync jobs, clients, staff and tax returns.

    Args:
        practice: The practice's short name in FYI, as `fyi-xpm practice list` shows it.
        admin_email: FYI email address of the person who will log in to Xero. Must be an FYI Admin and a Xero Practice
            Manager Administrator with "Authorise 3rd Party Full Access" (newer name: "Connect third-party add-ons").
        long_term_user: I confirm that this person will keep using both FYI and Xero Practice Manager. The connection
            depends on it; without it the run stops.
        answer_within_minutes: How long the run waits for the login, and then for each answer about the account.
        another_account: This practice has moved to another Xero Practice Manager account. Without this, only the
            account it was connected to before is accepted.
    """
    try:
        begin()
        person = check_user_account(practice, admin_email, long_term_user)
        invited = publish_link(practice, person, answer_within_minutes)
        wait_for_consent(invited)
        check_consent(invited)
        if not is_reset(invited):  # a retried run does not ask again
            take_over(invited, another_account)
    except (Stopped, XeroError) as reason:
        return stopped(practice, reason)

    remove_old_connection(invited, return_state=True)  # a failed clean-up never fails the run

    trigger = SyncTrigger.RECONNECT
    states = {
        entity: SYNCS[entity](practice, entity, SyncMode.FULL, trigger, person.email, return_state=True)
        for entity in EVERYTHING
    }
    return ended(practice, trigger, states, SyncMode.FULL, person.email)


def take_over(invited: Invitation, another_account: bool) -> None:
    """Find the account that the new consent is for, then replace the old consent with the new one."""
    offered = offer_accounts(invited, another_account)
    chosen = offered[0] if len(offered) == 1 else wait_for_choice(invited, offered)
    choose_account(invited, chosen, another_account)

    check_account(invited)
    if needs_confirmation(invited):
        compared = compare_account(invited, offered)
        confirm_account(invited, wait_for_name(invited, compared), compared)
    reset_connection(invited)
