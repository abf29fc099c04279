"""An edit is sent only where this installation sends edits, and only with the permission to write."""

from dataclasses import replace

import pytest

from tests.pull.house import SLUG
from tests.push.desk import Desk
from xpm.entities.names import Noun
from xpm.push.draining import drain
from xpm.push.reporting import practices_with_edits, said_of
from xpm.store.consent import connections, consents
from xpm.store.vocabulary import EditState
from xpm.words import Stopped


def test_where_edits_are_not_sent_they_wait_and_whoever_edits_is_told(sqlite_desk: Desk) -> None:
    house = sqlite_desk.house.with_settings(xpm_push=False)
    desk = replace(sqlite_desk, house=house)

    made = desk.edit(Noun.JOB, desk.a_job(), name="A name")

    assert [note.key for note in made.notes] == ["push.switched_off"]
    assert practices_with_edits(house.integration) == []
    with pytest.raises(Stopped):
        drain(house.integration, SLUG)
    assert desk.states() == [EditState.QUEUED]


@pytest.mark.parametrize(
    ("scopes", "sent"),
    [
        (["practicemanager.read"], []),
        (["practicemanager.job", "practicemanager.client.read"], ["job.api/update"]),
        (["practicemanager.client", "practicemanager.job.read"], ["client.api/update"]),
    ],
)
def test_nothing_is_asked_for_edits_that_the_scopes_do_not_cover(
    sqlite_desk: Desk, scopes: list[str], sent: list[str]
) -> None:
    desk = sqlite_desk
    _grant(desk, scopes)
    desk.edit(Noun.JOB, desk.a_job(), name="A name")
    desk.edit(Noun.CLIENT, desk.a_client(), phone="12345")
    before = desk.calls()

    result = desk.push()

    assert [write.path for write in desk.writes()] == sent
    assert desk.calls() - before == 2 * len(sent)
    assert result.waiting == 2 - len(sent)
    assert said_of(result, desk.house.integration.practice(SLUG)).key == "push.not_covered"


def _grant(desk: Desk, scopes: list[str]) -> None:
    """Let the consent have been given with these scopes."""
    with desk.house.database.write() as session:
        consent = consents.get(session, connections.get(session, SLUG).consent_id or "")
        consent.scopes = ["openid", "offline_access", *scopes]
        session.add(consent)
