"""The Apps page chooses who is told of troubles."""

from sandbox.world import LEO, MERE
from tests.console.office import HARBOUR, Office
from xpm.store import news, people

APPS = f"/practices/{HARBOUR}"


def told(office: Office) -> list[str]:
    with office.integration.database.read() as session:
        return [person.email for person in news.told(session, HARBOUR)]


def test_an_administrator_chooses_who_is_told_and_it_is_logged(office: Office) -> None:
    assert "Told now: nobody." in office.get(APPS).text
    ids = [office.person(email).id for email in (MERE, LEO)]
    office.post(f"{APPS}/news", {"told": ids})
    assert set(told(office)) == {MERE, LEO}
    office.post(f"{APPS}/news", {"told": ids[:1]})
    office.post(f"{APPS}/news", {"told": ids[:1]})
    assert told(office) == [MERE]
    assert len([entry for entry in office.entries() if "changed who is told of troubles" in entry.title]) == 2


def test_strangers_ids_tell_nobody(office: Office) -> None:
    office.post(f"{APPS}/news", {"told": ["somebody-else"]})
    assert told(office) == []


def test_only_an_fyi_admin_chooses(office: Office) -> None:
    page = office.log_in(LEO).get(APPS).text
    assert "Save who is told" not in page
    assert MERE not in page
    assert office.post(f"{APPS}/news", {"told": [office.person(LEO).id]}).status_code == 403
    assert told(office) == []


def test_who_is_not_offered_stays_as_they_are(office: Office) -> None:
    with office.integration.database.write() as session:
        people.update(session, office.person(LEO).id, is_active=False, gets_news=True)
    office.post(f"{APPS}/news", {})
    with office.integration.database.read() as session:
        assert people.get(session, office.person(LEO).id).gets_news
