"""`fyi-xpm staff`: staff arrive inactive, and an administrator accepts them."""

import pytest

from tests.cli.office import staff, status_of, synced
from tests.cli.shell import MERE, SLUG, Installed, Shell
from xpm.entities.names import Entity
from xpm.store.records.kinds import STAFF
from xpm.store.vocabulary import FyiStatus

SAM, ANN = "5a0c6f0e-0000-4000-8000-000000000001", "5a0c6f0e-0000-4000-8000-000000000002"
TWINS = "twins@harbourvale.example"


@pytest.fixture
def staffed(installed: Installed) -> Installed:
    """An installation with four staff members from XPM."""
    installed.add_practice()
    rows = [
        staff(SAM, "Sam Brooks", "Sam.Brooks@harbourvale.example"),
        staff(ANN, "Ann Lee", None),
        staff("t1", "Tim", TWINS),
        staff("t2", "Tom", TWINS),
    ]
    synced(installed, rows, "night", table=STAFF, entity=Entity.STAFF)
    return installed


@pytest.mark.parametrize("named", ["sam.brooks@HARBOURVALE.example", SAM])
def test_an_accepted_staff_member_is_active_and_the_history_says_who_accepted(
    fyi_xpm: Shell, staffed: Installed, named: str
) -> None:
    said = fyi_xpm("staff", "accept", SLUG, named, "--person", MERE)
    assert (said.code, said.out) == (0, "Sam Brooks is active in FYI for Harbour & Vale.\n")
    assert (status_of(staffed, SAM), status_of(staffed, ANN)) == (FyiStatus.ACTIVE, FyiStatus.INACTIVE)
    life = fyi_xpm("history", "staff", SAM).out
    assert f"changed by {MERE}" in life
    assert "fyi status: inactive → active" in life


def test_accepting_twice_changes_nothing_more(fyi_xpm: Shell, staffed: Installed) -> None:
    fyi_xpm("staff", "accept", SLUG, ANN)
    before = fyi_xpm("history", "staff", ANN).out
    assert fyi_xpm("staff", "accept", SLUG, ANN).out == "Ann Lee is already active in FYI for Harbour & Vale.\n"
    assert fyi_xpm("history", "staff", ANN).out == before


def test_staff_are_listed_by_name_with_their_status(fyi_xpm: Shell, staffed: Installed) -> None:
    fyi_xpm("staff", "accept", SLUG, SAM)
    rows = [line for line in fyi_xpm("staff", "list", SLUG).out.splitlines() if "active" in line]
    cells = [[cell.strip() for cell in row.strip("│").split("│")] for row in rows]
    assert cells[:2] == [
        ["Ann Lee", "", "inactive", ANN],
        ["Sam Brooks", "Sam.Brooks@harbourvale.example", "active", SAM],
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nobody@harbourvale.example",), "has no staff member nobody@harbourvale.example"),
        ((TWINS,), "Several staff members have the address"),
        (("",), "has no staff member"),
        ((SAM, "--person", "nobody@harbourvale.example"), "has no FYI account"),
    ],
)
def test_an_unknown_or_ambiguous_staff_member_is_not_accepted(
    fyi_xpm: Shell, staffed: Installed, arguments: tuple[str, ...], says: str
) -> None:
    said = fyi_xpm("staff", "accept", SLUG, *arguments)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert says in said.err


def test_an_empty_staff_list_says_how_to_sync_staff(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    assert f"fyi-xpm sync {SLUG} --only staff" in fyi_xpm("staff", "list", SLUG).out
