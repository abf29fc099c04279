"""Practices, their settings and their people."""

import datetime as dt

import pytest

from tests.store.kit import LATER, NOW, person, practice
from xpm.store import people, practices
from xpm.store.consent import connections
from xpm.store.engine.database import Database
from xpm.store.errors import AlreadyThere, UnknownPerson, UnknownPractice, UnknownTimeZone
from xpm.store.vocabulary import ConnectionState

pytestmark = pytest.mark.also_on_postgresql("the store itself")


@pytest.mark.parametrize(("country", "has_tax"), [("AU", True), ("nz", True), ("GB", False)])
def test_a_new_practice_has_fyis_defaults_and_is_not_connected(database: Database, country: str, has_tax: bool) -> None:
    with database.write() as session:
        practice(session, country=country)
    with database.read() as session:
        settings = practices.settings_of(session, "acme")
        assert (settings.maintain_jobs, settings.sync_custom_fields, settings.maintain_invoices) == (False, True, False)
        assert settings.import_tax_assessments is has_tax
        assert connections.get(session, "acme").state is ConnectionState.NOT_CONNECTED


def test_a_practice_can_be_added_only_once(database: Database) -> None:
    with database.write() as session:
        practice(session)
        with pytest.raises(AlreadyThere):
            practice(session)


def test_practices_are_listed_by_slug_and_can_be_updated(database: Database) -> None:
    with database.write() as session:
        practice(session, "beta")
        practice(session, "acme")
        practices.update(session, "beta", time_zone="Pacific/Auckland", history_start=dt.date(2020, 1, 1))
    with database.read() as session:
        acme, beta = practices.all_of_them(session)
        assert (acme.slug, acme.time_zone) == ("acme", "Australia/Sydney")
        assert (beta.name, beta.time_zone, beta.history_start) == (
            "Beta Accountants",
            "Pacific/Auckland",
            dt.date(2020, 1, 1),
        )


@pytest.mark.parametrize("zone", ["AEST", "Mars/Olympus", "../etc/passwd", ""])
def test_an_unknown_time_zone_is_refused(database: Database, zone: str) -> None:
    with database.write() as session, pytest.raises(UnknownTimeZone):
        practices.add(
            session, slug="x", name="X", country="AU", time_zone=zone, history_start=dt.date(2024, 1, 1), now=NOW
        )


def test_an_unknown_practice_is_refused(database: Database) -> None:
    with database.read() as session:
        for ask in (practices.get, practices.settings_of, connections.get, connections.state_before):
            with pytest.raises(UnknownPractice):
                ask(session, "nobody")


def test_changing_a_setting_records_who_and_when(database: Database) -> None:
    with database.write() as session:
        practice(session)
        practices.change_settings(session, "acme", {"maintain_jobs": True}, person="ana@acme.example", now=LATER)
    with database.write() as session:
        settings = practices.settings_of(session, "acme")
        assert (settings.maintain_jobs, settings.updated_by, settings.updated_at) == (True, "ana@acme.example", LATER)
        with pytest.raises(KeyError, match="practice"):
            practices.change_settings(session, "acme", {"practice": True}, person=None, now=LATER)


def test_people_are_found_by_email_in_any_case_within_their_practice(database: Database) -> None:
    with database.write() as session:
        practice(session)
        practice(session, "beta")
        ana = person(session, email=" Ana.ADMIN@Acme.example ")
        assert ana.email == "ana.admin@acme.example"
        assert people.by_email(session, "acme", "ANA.admin@acme.example") is ana
        assert people.by_email(session, "beta", "ana.admin@acme.example") is None
        with pytest.raises(AlreadyThere):
            person(session, email="ana.admin@ACME.example")
        person(session, "beta", "ana.admin@acme.example")
        assert [one.email for one in people.of(session, "acme")] == ["ana.admin@acme.example"]


def test_a_person_can_be_updated_but_not_moved_to_another_practice(database: Database) -> None:
    with database.write() as session:
        practice(session)
        ana = person(session)
        changed = people.update(session, ana.id, leaving_on=dt.date(2026, 6, 30), is_admin=False)
        assert (changed.leaving_on, changed.is_admin) == (dt.date(2026, 6, 30), False)
        with pytest.raises(KeyError, match="practice"):
            people.update(session, ana.id, practice="beta")
        with pytest.raises(UnknownPerson):
            people.update(session, "nobody", name="X")


def test_another_persons_email_is_refused(database: Database) -> None:
    def take_the_address_of_ana() -> None:
        with database.write() as session:
            practice(session)
            person(session)
            ben = person(session, email="ben@acme.example")
            people.update(session, ben.id, email="Ana@acme.example")

    with pytest.raises(AlreadyThere):
        take_the_address_of_ana()
