"""Practices and people are added and listed."""

from datetime import date

from tests.cli.shell import MERE, SLUG, Installed, Shell
from xpm.store import people, practices

WHOLE = (
    "--name",
    "Harbour & Vale",
    "--country",
    "nz",
    "--time-zone",
    "Pacific/Auckland",
    "--history-start",
    "2019-07-01",
)


def test_a_practice_is_added_with_the_given_options(fyi_xpm: Shell, installed: Installed) -> None:
    said = fyi_xpm("practice", "add", SLUG, *WHOLE)

    assert said.code == 0
    with installed.database.read() as session:
        practice = practices.get(session, SLUG)
    assert (practice.name, practice.country, practice.time_zone) == ("Harbour & Vale", "NZ", "Pacific/Auckland")
    assert practice.history_start == date(2019, 7, 1)


def test_a_new_practice_reads_seven_years_back_by_default(fyi_xpm: Shell, installed: Installed) -> None:
    fyi_xpm("practice", "add", SLUG, "--name", "Harbour & Vale")

    with installed.database.read() as session:
        practice = practices.get(session, SLUG)
    assert (practice.created_at.date() - practice.history_start).days == 7 * 365


def test_an_empty_list_says_how_to_begin(fyi_xpm: Shell, installed: Installed) -> None:
    assert "fyi-xpm practice add" in fyi_xpm("practice", "list").out
    assert "fyi-xpm practice add" in fyi_xpm("status").out


def test_practices_are_listed_with_the_state_of_their_connections(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()

    listed = fyi_xpm("practice", "list").out

    assert SLUG in listed
    assert "Not connected" in listed


def test_brackets_in_a_name_are_printed_as_they_are(fyi_xpm: Shell, installed: Installed) -> None:
    name = "Vale [red] Partners"

    assert name in fyi_xpm("practice", "add", SLUG, "--name", name).out
    assert name in fyi_xpm("practice", "list").out
    assert name in fyi_xpm("status").out


def test_a_person_is_added_with_the_given_options(fyi_xpm: Shell, installed: Installed) -> None:
    fyi_xpm("practice", "add", SLUG, "--name", "Harbour & Vale")

    added = fyi_xpm("user", "add", SLUG, MERE, "--name", "Mere Tāne", "--admin", "--leaving-on", "2027-01-31")

    assert added.code == 0
    with installed.database.read() as session:
        person = people.by_email(session, SLUG, MERE)
    assert person is not None
    assert (person.name, person.is_admin, person.leaving_on) == ("Mere Tāne", True, date(2027, 1, 31))
    listed = fyi_xpm("user", "list", SLUG).out
    assert MERE in listed
    assert "2027-01-31" in listed


def test_a_practice_without_people_says_how_to_add_somebody(fyi_xpm: Shell, installed: Installed) -> None:
    fyi_xpm("practice", "add", SLUG, "--name", "Harbour & Vale")

    assert f"fyi-xpm user add {SLUG}" in fyi_xpm("user", "list", SLUG).out


def test_an_option_includes_archived_clients_or_leaves_them_out(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()

    for option, wanted in (("--include-archived-clients", True), ("--leave-out-archived-clients", False)):
        said = fyi_xpm("practice", "set", SLUG, option, "--person", MERE)
        assert said.code == 0
        assert f"Include Archived Clients to {'On' if wanted else 'Off'}" in said.out
        with installed.database.read() as session:
            assert practices.settings_of(session, SLUG).include_archived_clients is wanted
