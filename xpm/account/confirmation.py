"""Confirmation of an account that is new to the practice, by typing its name, before anything is written.

A click alone never connects a practice's first account, or one other than it had. Nobody has to find a dash or a
curly quotation mark on a keyboard: signs that look alike count as the same, unless they tell two accounts apart.
"""

import unicodedata
from collections.abc import Sequence

from sqlmodel import Session

from xpm.access import audit
from xpm.access.audit import Action
from xpm.account.choice import Offer, account_of, actor_of, chosen
from xpm.account.comparison import AccountComparison
from xpm.consent.invitation import Invitation, require_granted
from xpm.integration import Integration
from xpm.store.consent import attempts, connections
from xpm.words import Message, Stopped, message, stop

SINGLE_QUOTES = frozenset("`\N{ACUTE ACCENT}\N{MODIFIER LETTER APOSTROPHE}\N{PRIME}‘’‚‛")  # noqa: RUF001
DOUBLE_QUOTES = frozenset("\N{DOUBLE PRIME}\N{DOUBLE LOW-9 QUOTATION MARK}")
"""Signs that stand for ' and " beside those that Unicode calls initial and final quotation marks."""


def question(compared: AccountComparison) -> Message:
    """Ask the administrator to confirm the account."""
    return message(
        "choice.confirm",
        practice=compared.practice_name,
        tenant=compared.tenant_name,
        until_now=compared.until_now,
    )


def is_open(integration: Integration, invitation: Invitation) -> bool:
    """Whether the chosen account still has to be confirmed: the practice does not have it, and nobody typed its name.

    Raises:
        Stopped: no account was chosen.
    """
    offer = chosen(integration, invitation)
    with integration.database.read() as session:
        return _is_open(session, invitation, offer)


def is_name_of(typed: str, name: str, others: Sequence[str] = ()) -> bool:
    """Whether somebody typed the name of this account, and of none of the `others` that they could have chosen.

    Letter case, white space, and signs that look alike make no difference. Where another account's name differs only
    by those, the exact name is needed.
    """
    if typed.strip() == name.strip():
        return True
    plain = _plain(typed)
    return plain == _plain(name) and plain not in map(_plain, others)


def _plain(name: str) -> str:
    """Fold what a keyboard or an eye does not tell apart (Unicode NFKC, case folding, dashes, quotation marks)."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join("".join(map(_plain_sign, folded)).split())


def _plain_sign(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind == "Cf":  # invisible, such as a soft hyphen or a zero-width space
        return ""
    if kind == "Pd" or sign == "\N{MINUS SIGN}":
        return "-"
    if sign in SINGLE_QUOTES:
        return "'"
    return '"' if kind in {"Pi", "Pf"} or sign in DOUBLE_QUOTES else sign


def confirm(integration: Integration, invitation: Invitation, typed: str, others: Sequence[str] = ()) -> None:
    """Accept the name that an administrator typed: see `is_name_of`. `others`: the other accounts that were offered.

    Raises:
        Stopped: it is not the name of the chosen account, none was chosen, or the consent is no longer usable.
    """
    require_granted(integration, invitation)
    offer, name = chosen(integration, invitation), typed.strip()
    actor, slug, account = actor_of(invitation), invitation.practice, offer.tenant_name
    with (
        audit.recording_refusals(integration, actor, Action.CONFIRM_ACCOUNT, practice=slug, resource=account),
        integration.database.write() as session,
    ):
        now = integration.clock()
        if not is_name_of(name, offer.tenant_name, others):
            raise stop("choice.other_name", typed=name, **_facts(session, invitation, offer))
        attempts.confirm(session, invitation.attempt_id, name=name, now=now)
        audit.record(session, integration, actor, Action.CONFIRM_ACCOUNT, now=now, practice=slug, resource=account)


def unconfirmed(integration: Integration, invitation: Invitation) -> Stopped:
    """Return the `Stopped` to raise when nobody typed a name in time."""
    offer = chosen(integration, invitation)
    with integration.database.read() as session:
        return _unconfirmed(session, invitation, offer)


def require_confirmed(session: Session, invitation: Invitation, offer: Offer) -> None:
    """Check the confirmation in the transaction that is about to write.

    Raises:
        Stopped: the account is new to the practice, and nobody confirmed it.
    """
    if _is_open(session, invitation, offer):
        raise _unconfirmed(session, invitation, offer)


def _is_open(session: Session, invitation: Invitation, offer: Offer) -> bool:
    attempt = attempts.get(session, invitation.attempt_id)
    is_confirmed = attempt.confirmed_at is not None and attempt.tenant_id == offer.tenant_id
    return not is_confirmed and connections.get(session, invitation.practice).tenant_id != offer.tenant_id


def _unconfirmed(session: Session, invitation: Invitation, offer: Offer) -> Stopped:
    return stop("choice.unconfirmed", **_facts(session, invitation, offer))


def _facts(session: Session, invitation: Invitation, offer: Offer) -> dict[str, object]:
    until_now = account_of(connections.get(session, invitation.practice))
    return {"practice": invitation.practice_name, "tenant": offer.tenant_name, "until_now": until_now}
