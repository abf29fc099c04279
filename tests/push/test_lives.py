"""The life of a record tells each edit once, custom fields by name, and nothing of what a push leaves as it was."""

from decimal import Decimal

from tests.pull.house import SCOPE
from tests.push.desk import Desk
from xpm.activity import lives
from xpm.entities.names import Noun
from xpm.store.records.history import FieldChange


def test_an_edit_of_own_and_custom_fields_is_one_change_and_a_push_that_brings_nothing_new_is_none(desk: Desk) -> None:
    job = desk.a_job()
    before = desk.job_in_fyi(job)["name"]
    desk.edit(Noun.JOB, job, name="Named in FYI", **{"Fee budget": "5.25"})
    desk.push()

    with desk.house.database.read() as session:
        assert lives.named(session, Noun.JOB, job) == [(SCOPE, desk.house.key_of(job))]
        *_, last = changes = lives.life(session, Noun.JOB, SCOPE, desk.house.key_of(job))

    assert last.by == desk.person
    (name, fee) = sorted(last.fields, key=lambda field: field.field != "name")
    assert name == FieldChange("name", before, "Named in FYI")
    assert (fee.field, fee.after) == ("Fee budget", Decimal("5.25"))
    assert not any("digest" in field.field for change in changes for field in change.fields)
