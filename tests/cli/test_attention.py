"""`fyi-xpm attention`: what a person should look at even if every sync succeeded."""

from sqlalchemy import update

from tests.cli.office import TENANT, staff, synced
from tests.cli.shell import SLUG, Installed, Shell
from xpm.entities.names import Entity
from xpm.store.records.kinds import STAFF
from xpm.store.tables import Connection


def test_it_says_so_if_there_is_nothing_to_look_at(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    assert fyi_xpm("attention", SLUG).out == "There is nothing to look at.\n"
    assert fyi_xpm("attention", "nowhere").code == 2


def test_it_names_what_to_look_at_and_what_to_do(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    with installed.database.write() as session:
        session.connection().execute(update(Connection).values(tenant_id=TENANT))
    people = [staff(f"s{number:02}", f"Member {number:02}", None) for number in range(25)]
    synced(installed, people, "night", table=STAFF, entity=Entity.STAFF)
    said = fyi_xpm("attention", SLUG).out
    assert "Staff members from Xero Practice Manager who are not active in FYI: 25." in said
    assert f"fyi-xpm staff accept {SLUG} EMAIL" in said
    assert "Member 19" in said
    assert "Member 20" not in said
    assert "and 5 more." in said
