"""Only XPM's own words about a record prove that it is gone; everything else is no answer."""

from typing import Any

import pytest

from sandbox.accounts import edits
from tests.pull.house import House
from xpm.entities.names import Entity
from xpm.store.vocabulary import RunStatus, SyncMode

XPM_SAYS = "<Response><Status>ERROR</Status><ErrorDescription>{}</ErrorDescription></Response>"
PAGE = "<!DOCTYPE html><html><body>Not found</body></html>"
NO_PROOF: dict[str, dict[str, Any]] = {
    "an empty 404": {"status": 404, "body": ""},
    "a page of something between": {"status": 404, "body": PAGE},
    "another program's words": {"status": 404, "body": '{"message": "not found"}'},
    "words about staff": {"status": 404, "body": XPM_SAYS.format("Invalid staff identifier")},
    "words about staff, as XPM sends them": {"status": 200, "body": XPM_SAYS.format("Invalid staff identifier")},
    "words about a template": {"status": 200, "body": XPM_SAYS.format("Invalid job template identifier")},
    "a refusal of this job alone": {"status": 403, "body": '{"Detail": "AuthenticationUnsuccessful"}'},
    "XPM's words without its envelope": {"status": 404, "body": "Invalid job identifier"},
}
PROOF: dict[str, dict[str, Any]] = {
    "as XPM sends it": {"status": 200, "body": XPM_SAYS.format("Invalid job identifier")},
    "with status 404": {"status": 404, "body": XPM_SAYS.format("Invalid job identifier")},
    "with status 500": {"status": 500, "body": XPM_SAYS.format("Invalid job identifier")},
}


def left_the_list(house: House) -> None:
    """A job that is no longer current, so that XPM is asked for it."""
    edits.add(house.xpm, "jobs", {"ID": "NEW", "Name": "Advice", "State": "Planned"})
    house.sync(Entity.JOBS)
    edits.change(house.xpm, "jobs", "NEW", {"State": "Completed"})


@pytest.mark.parametrize("answer", NO_PROOF.values(), ids=NO_PROOF)
def test_what_does_not_say_that_a_job_is_gone_leaves_it_as_it_is(house: House, answer: dict[str, Any]) -> None:
    left_the_list(house)
    house.order("status", "job.api/get/NEW", times=0, **answer)
    result = house.sync(Entity.JOBS, SyncMode.CHANGES)
    assert (result.status, result.archived) == (RunStatus.ACTION_REQUIRED, 0)
    assert "NEW" in result.message.next
    assert "NEW" in house.active("job", "number")
    house.calm()
    assert house.sync(Entity.JOBS, SyncMode.CHANGES).status is RunStatus.SUCCESS
    assert house.aside() == []


@pytest.mark.parametrize("answer", PROOF.values(), ids=PROOF)
def test_xpms_own_words_archive_a_job(house: House, answer: dict[str, Any]) -> None:
    left_the_list(house)
    edits.delete(house.xpm, "jobs", "NEW")
    house.order("status", "job.api/get/NEW", times=0, **answer)
    result = house.sync(Entity.JOBS, SyncMode.CHANGES)
    assert (result.status, result.archived) == (RunStatus.SUCCESS, 1)


def test_a_404_for_values_does_not_say_that_their_client_is_gone(house: House) -> None:
    house.sync(Entity.CLIENTS)
    client = min(house.active("client", "uuid"))
    house.order("status", f"client.api/get/{client}/customfield", status=404, times=0)
    result = house.sync(Entity.CUSTOM_FIELDS)
    assert result.status is RunStatus.ACTION_REQUIRED
    assert [entry.record_key for entry in house.aside()] == [client]
