"""Says what a push came to, in Practice Activity."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from xpm.activity.log import record
from xpm.integration import Integration
from xpm.push.draining import Drained
from xpm.store import activity, practices
from xpm.store.consent import connections
from xpm.store.push import edits
from xpm.store.tables import Practice
from xpm.store.vocabulary import Topic
from xpm.words import Message, message
from xpm.words.moments import day_in

MOST_NAMED = 3
"""So many edits are named where somebody has to decide. The Apps page and `fyi-xpm edits list` have all."""


def practices_with_edits(integration: Integration) -> list[str]:
    """The practices that have something to send, or to find out about. It asks Xero nothing.

    None if this installation sends no edits.
    """
    if not integration.settings.xpm_push:
        return []
    with integration.database.read() as session:
        return [
            practice.slug
            for practice in practices.all_of_them(session)
            if edits.has_work(session, practice.slug, connections.get(session, practice.slug).tenant_id or "")
        ]


def said_of(drained: Drained, practice: Practice) -> Message:
    """What a push came to, in a sentence: the worst of it first."""
    facts = {
        "practice": practice.name,
        "confirmed": drained.confirmed,
        "refused": drained.refused,
        "conflicts": drained.conflicts,
        "waiting": drained.waiting,
    }
    if drained.refused or drained.conflicts:
        named, count = _first(drained.named), drained.refused + drained.conflicts
        return message("push.needs_decisions", named=named, count=count, **facts)
    if drained.failed:
        return message("push.failed", reason=drained.failed.message, **facts)
    if drained.not_covered:
        return message("push.not_covered", endpoints=", ".join(drained.not_covered), **facts)
    if drained.paused and drained.waiting:
        return message("push.paused", endpoints=", ".join(drained.paused), **facts)
    if drained.resumes_at:
        return message("push.parked", resumes_at=day_in(drained.resumes_at, practice.time_zone), **facts)
    return _well(drained, facts)


def _well(drained: Drained, facts: Mapping[str, object]) -> Message:
    """What a push came to that nothing held up. There may be nothing to send, and still something to decide."""
    if drained.undecided and not drained.confirmed and not drained.waiting:
        return message("push.only_decisions", practice=facts["practice"], count=drained.undecided)
    return message("push.done" if drained.confirmed else "push.nothing", **facts)


def _first(named: Sequence[str]) -> str:
    """The first few edits by name, and how many more there are."""
    more = len(named) - MOST_NAMED
    first = "; ".join(named[:MOST_NAMED])
    return message("push.and_more", first=first, more=more).title if more > 0 else first


def report(integration: Integration, slug: str, drained: Drained, *, flow_run_id: str | None = None) -> Message:
    """Log what a push came to, unless nothing has changed since the last entry, and return it."""
    practice, now = integration.practice(slug), integration.clock()
    said = said_of(drained, practice)
    with integration.database.write() as session:
        if is_news(session, slug, drained, said):
            counts = {"sent": drained.sent, "confirmed": drained.confirmed, "refused": drained.refused}
            counts |= {"conflicts": drained.conflicts, "waiting": drained.waiting, "calls": drained.calls}
            record(session, slug, said, now=now, topic=Topic.PUSH, flow_run_id=flow_run_id, counts=counts)
    return said


def report_failure(integration: Integration, slug: str, reason: str, now: datetime) -> Message:
    """Log that Xero did not take edits, once until something else happens."""
    practice = integration.practice(slug)
    said = message("push.failed", practice=practice.name, reason=reason)
    with integration.database.write() as session:
        last = activity.latest(session, slug, Topic.PUSH)
        if last is None or last.title != said.title:
            record(session, slug, said, now=now, topic=Topic.PUSH)
    return said


def is_news(session: Session, slug: str, drained: Drained, said: Message) -> bool:
    """Whether the push did something, or is held up as it was not before."""
    if drained.did_something:
        return True
    last = activity.latest(session, slug, Topic.PUSH)
    return drained.is_held_up and (last is None or last.title != said.title)
