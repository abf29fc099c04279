"""Practices and their integration settings."""

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlmodel import Session, select

from xpm.store.errors import AlreadyThere, UnknownPractice, UnknownTimeZone
from xpm.store.tables import Connection, IntegrationSettings, Practice

TAX_COUNTRIES = frozenset({"AU", "NZ"})
"""The countries with Xero Tax (FYI: "Enabling Xero Tax Integration (Australia and New Zealand Only)")."""

SETTINGS = frozenset(
    {"maintain_jobs", "sync_custom_fields", "maintain_invoices", "import_tax_assessments", "include_archived_clients"}
)


def add(
    session: Session, *, slug: str, name: str, country: str, time_zone: str, history_start: dt.date, now: dt.datetime
) -> Practice:
    """Add a practice with default settings, not connected. Raises AlreadyThere, UnknownTimeZone."""
    if session.get(Practice, slug):
        raise AlreadyThere(slug)
    country = country.upper()
    practice = Practice(
        slug=slug,
        name=name,
        country=country,
        time_zone=_known(time_zone),
        history_start=history_start,
        created_at=now,
    )
    session.add(practice)
    session.flush()
    session.add(IntegrationSettings(practice=slug, import_tax_assessments=country in TAX_COUNTRIES, updated_at=now))
    session.add(Connection(practice=slug, since=now))
    session.flush()
    return practice


def get(session: Session, slug: str) -> Practice:
    """Return one practice. Raises UnknownPractice."""
    practice = session.get(Practice, slug)
    if practice is None:
        raise UnknownPractice(slug)
    return practice


def all_of_them(session: Session) -> list[Practice]:
    """List every practice, by slug."""
    return list(session.exec(select(Practice).order_by(Practice.slug)))


def update(
    session: Session,
    slug: str,
    *,
    name: str | None = None,
    time_zone: str | None = None,
    history_start: dt.date | None = None,
) -> Practice:
    """Change the fields that are given. Raises UnknownPractice, UnknownTimeZone."""
    practice = get(session, slug)
    practice.name = name or practice.name
    practice.time_zone = _known(time_zone) if time_zone else practice.time_zone
    practice.history_start = history_start or practice.history_start
    session.flush()
    return practice


def settings_of(session: Session, slug: str) -> IntegrationSettings:
    """Return a practice's settings. Raises UnknownPractice."""
    settings = session.get(IntegrationSettings, slug)
    if settings is None:
        raise UnknownPractice(slug)
    return settings


def change_settings(
    session: Session, slug: str, changes: dict[str, bool], *, person: str | None, now: dt.datetime
) -> IntegrationSettings:
    """Change the named settings. Raises UnknownPractice, and KeyError for a setting that FYI does not have."""
    if unknown := changes.keys() - SETTINGS:
        raise KeyError(", ".join(sorted(unknown)))
    settings = settings_of(session, slug)
    for switch, on in changes.items():
        setattr(settings, switch, on)
    settings.updated_at, settings.updated_by = now, person
    session.flush()
    return settings


def _known(time_zone: str) -> str:
    try:
        return ZoneInfo(time_zone).key
    except (ZoneInfoNotFoundError, ValueError):
        raise UnknownTimeZone(time_zone) from None
