"""A part of a record that cannot be read is left out alone: reported, kept as FYI had it, and read again later."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from tests.pull.house import SLUG, House
from xpm.entities.names import Entity
from xpm.pull.replay import replay
from xpm.pull.summary import sum_up
from xpm.store.tables import Quarantine
from xpm.store.vocabulary import ActivityStatus, RunStatus, SyncMode, SyncTrigger

pytestmark = pytest.mark.also_on_postgresql("rows are read back and merged")

ONE, OTHER, CONTACT = (f"00000000-0000-4000-8000-00000000000{number}" for number in range(1, 4))
GROUP, RELATIONSHIP, TASK = (f"00000000-0000-4000-8000-00000000000{number}" for number in range(4, 7))

_NOTES = "<Notes><Note><Title>Call</Title><Text>Well</Text><Date>2024-05-06T07:08:09</Date></Note></Notes>"
WELL = (
    "<Name>First</Name><Email>first@example.test</Email><DateOfBirth>1980-02-03</DateOfBirth>"
    f"<AccountManager><UUID>{OTHER}</UUID><Name>Mere</Name></AccountManager>"
    "<Type><Name>Standard</Name><PaymentDay>20</PaymentDay></Type>"
    f"<Contacts><Contact><UUID>{CONTACT}</UUID><Name>Ana</Name><Email>ana@example.test</Email>"
    "<IsPrimary>Yes</IsPrimary></Contact></Contacts>"
    f"{_NOTES}"
    f"<Groups><Group><UUID>{GROUP}</UUID><Name>Family</Name></Group></Groups>"
    f"<Relationships><Relationship><UUID>{RELATIONSHIP}</UUID><Type>Shareholder</Type>"
    f"<RelatedClient><UUID>{OTHER}</UUID><Name>Second</Name></RelatedClient>"
    "<NumberOfShares>10</NumberOfShares><Percentage>50.00</Percentage></Relationship></Relationships>"
    "<IsArchived>No</IsArchived><PrepareGST>Yes</PrepareGST>"
)
"""What XPM sends of a client."""

SPOILT = {
    "a day": ("1980-02-03", "20th", "DateOfBirth"),
    "a day of payment": ("<PaymentDay>20<", "<PaymentDay>20th<", "Type.PaymentDay"),
    "a flag": ("<PrepareGST>Yes", "<PrepareGST>perhaps", "PrepareGST"),
    "the flag of archived clients": ("<IsArchived>No", "<IsArchived>perhaps", "IsArchived"),
    "a manager without UUID": (f"<UUID>{OTHER}</UUID><Name>Mere", "<Name>Mere", "AccountManager"),
    "a contact without UUID": (f"<UUID>{CONTACT}</UUID>", "", "Contacts.0"),
    "a contact's flag": ("<IsPrimary>Yes", "<IsPrimary>perhaps", "Contacts.0.IsPrimary"),
    "a contact's address": ("ana@", "an\ufffe&odd;a@", "Contacts.0.Email"),
    "a group without UUID": (f"<UUID>{GROUP}</UUID>", "", "Groups.0"),
    "a second relationship with two faults": (
        "</Relationships>",
        "<Relationship><Type>Trustee</Type><StartDate>20th</StartDate></Relationship></Relationships>",
        "Relationships.1",
    ),
    "a relationship without UUID": (f"<UUID>{RELATIONSHIP}</UUID>", "", "Relationships.0"),
    "a related client without UUID": (f"<UUID>{OTHER}</UUID><Name>Second", "<Name>Second", "RelatedClient"),
    "a fraction of a share": ("<NumberOfShares>10", "<NumberOfShares>10.5", "Relationships.0.NumberOfShares"),
    "a share in percent": ("50.00", "50%", "Relationships.0.Percentage"),
    "a decimal comma": ("50.00", "50,0", "Relationships.0.Percentage"),
    "a decimal comma before three digits": ("50.00", "33,333", "Relationships.0.Percentage"),
    "a time in another zone": ("1980-02-03", "1980-02-02T13:00:00Z", "DateOfBirth"),
    "a note's time": ("2024-05-06T", "6 May 2024, ", "Notes.0.Date"),
    "a name that no entity spells": ("<Name>First", "<Name>Fir&unheard;st", "Name"),
    "two names": ("<Name>First</Name>", "<Name>First</Name><Name>Second</Name>", "Name"),
    "notes that come twice": ("<Groups>", "<Notes><Note><Title>Mail</Title></Note></Notes><Groups>", "Notes"),
    "notes as text": (_NOTES, "<Notes>Call</Notes>", "Notes"),
    "a note as text": (_NOTES, "<Notes><Note>Call</Note></Notes>", "Notes.0"),
    "contacts of another name": ("<Contacts><Contact>", "<Contacts><Person>", "Contacts"),
    "groups as text": (f"<Group><UUID>{GROUP}</UUID><Name>Family</Name></Group>", "Family", "Groups"),
    "a manager as text": (f"<UUID>{OTHER}</UUID><Name>Mere</Name>", "Mere", "AccountManager"),
    "a manager of other parts": (f"<UUID>{OTHER}</UUID><Name>Mere</Name>", "<Staff>Mere</Staff>", "AccountManager"),
    "half a pair of surrogates": ("<Name>First", "<Name>Fir&#xD83D;st", "Name"),
}
"""What is replaced in `WELL`, by what, and the part that then cannot be read."""

TABLES = ("client", "client_contact", "contact", "client_group_member", "client_relationship")
STAMPS = {"content_hash", "sent_digest", "first_synced_at", "changed_at", "changed_by_run", "archived_at"}


def clients(house: House, *inside: str, keys: tuple[str, ...] = (ONE, OTHER)) -> None:
    """Let XPM list these clients once, each with what is inside it."""
    records = "".join(f"<Client><UUID>{key}</UUID>{one}</Client>" for key, one in zip(keys, inside, strict=True))
    body = f"<Response><Status>OK</Status><Clients>{records}</Clients></Response>"
    house.order("status", "client.api/list", status=200, body=body)


def spoiled(well: str, spoilt: str) -> str:
    """What XPM sends of the client now. An element that is opened under another name is closed under it, too."""
    bad = WELL.replace(well, spoilt)
    if "<Person>" in spoilt:
        bad = bad.replace("</Contact></Contacts>", "</Person></Contacts>")
    assert bad != WELL
    return bad


def stored(house: House) -> Mapping[str, list[dict[str, Any]]]:
    return {
        name: [{column: value for column, value in row.items() if column not in STAMPS} for row in house.rows(name)]
        for name in TABLES
    }


def the(house: House, table: str, **of: object) -> dict[str, Any]:
    (row,) = [row for row in house.rows(table) if of.items() <= row.items()]
    return row


@pytest.mark.parametrize(("well", "spoilt", "part"), SPOILT.values(), ids=SPOILT)
def test_an_unreadable_part_keeps_what_was_stored_of_it_and_the_rest_is_stored(
    house: House, well: str, spoilt: str, part: str
) -> None:
    clients(house, WELL, "<Name>Second</Name>")
    assert house.sync(Entity.CLIENTS).status is RunStatus.SUCCESS
    before = stored(house)
    bad = spoiled(well, spoilt)
    for _ in range(2):  # the second time, the part is known to be unreadable
        clients(house, bad, "<Name>Second</Name><City>Hobart</City>")
        result = house.sync(Entity.CLIENTS)
        assert (result.message.key, result.message.status) == ("sync.partly_read", ActivityStatus.ALERT)
        assert (result.archived, result.quarantined, result.partly_read) == (0, 0, 1)
        assert result.source == result.stored == 2
        (aside,) = house.aside()
        assert (aside.record_key, part in (aside.parts or "")) == (ONE, True)
    assert the(house, "client", uuid=OTHER)["city"] == "Hobart"
    before["client"][1]["city"] = "Hobart"
    assert stored(house) == before
    assert [row["kind"] for row in house.rows("record_change") if row["record_key"] == ONE] == ["added"]
    clients(house, WELL, "<Name>Second</Name><City>Hobart</City>")
    assert house.sync(Entity.CLIENTS).message.status is ActivityStatus.SUCCESS
    assert (house.aside(), stored(house)) == ([], before)


@pytest.mark.parametrize(("well", "spoilt", "part"), SPOILT.values(), ids=SPOILT)
def test_a_new_record_is_stored_without_a_part_that_cannot_be_read(
    house: House, well: str, spoilt: str, part: str
) -> None:
    clients(house, spoiled(well, spoilt), "<Name>Second</Name>")
    result = house.sync(Entity.CLIENTS)
    assert (result.added, result.partly_read, result.quarantined) == (2, 1, 0)
    row = the(house, "client", uuid=ONE)
    assert (row["email"], row["archived_at"]) == ("first@example.test", None)
    (aside,) = house.aside()
    assert (aside.entity, aside.record_key, part in (aside.parts or "")) == ("client", ONE, True)
    assert aside.payload.startswith(f"<Client><UUID>{ONE}</UUID>")
    assert ONE in result.message.next


def test_other_parts_of_the_same_record_change_beside_an_unreadable_one(house: House) -> None:
    clients(house, WELL, "")
    house.sync(Entity.CLIENTS)
    changed = WELL.replace("1980-02-03", "20th").replace("<Name>First<", "<Name>Renamed<").replace("Ana", "Anna")
    clients(house, changed, "")
    assert house.sync(Entity.CLIENTS).changed == 1
    row = the(house, "client", uuid=ONE)
    assert (row["name"], row["date_of_birth"]) == ("Renamed", dt.date(1980, 2, 3))
    assert the(house, "contact", uuid=CONTACT)["name"] == "Anna"


def test_a_dry_run_expects_the_same_of_an_unreadable_part_as_a_sync_does(house: House) -> None:
    clients(house, WELL, "")
    house.sync(Entity.CLIENTS)
    changed = WELL.replace("1980-02-03", "20th").replace("<Name>First<", "<Name>Renamed<")
    clients(house, changed, "")
    preview = house.preview(Entity.CLIENTS)
    (fields,) = [change.fields for change in preview.changes if change.effect == "changed"]
    assert [(field.field, field.before, field.after) for field in fields] == [("name", "First", "Renamed")]
    assert (preview.partly_read, preview.changed, preview.status) == (1, 1, RunStatus.SUCCESS)


def test_a_client_stays_archived_if_the_flag_for_it_cannot_be_read(house: House) -> None:
    clients(house, "<IsArchived>Yes</IsArchived>", "")
    house.sync(Entity.CLIENTS)
    clients(house, "<IsArchived>perhaps</IsArchived><City>Perth</City>", "")
    house.sync(Entity.CLIENTS)
    row = the(house, "client", uuid=ONE)
    assert (row["archived_reason"], row["city"]) == ("archived", "Perth")


def test_a_contact_keeps_what_another_client_brought_of_it(house: House) -> None:
    contact = f"<Contacts><Contact><UUID>{CONTACT}</UUID><Name>Ana</Name>{{}}</Contact></Contacts>"
    clients(house, contact.format("<Phone>5550 0100</Phone>"), "")
    house.sync(Entity.CLIENTS)
    clients(house, contact.format("<Phone>5550 0100</Phone>"), contact.format("<Phone>&odd;</Phone>"))
    house.sync(Entity.CLIENTS)
    assert the(house, "contact", uuid=CONTACT)["phone"] == "5550 0100"


def test_a_run_with_an_unreadable_part_reports_it_as_an_alert_and_later_runs_go_on_from_it(house: House) -> None:
    clients(house, WELL.replace("1980-02-03", "20th"), "")
    result = house.sync(Entity.CLIENTS)
    assert house.run(result.run_id).watermark is not None
    whole = sum_up(SLUG, SyncTrigger.MANUAL, {Entity.CLIENTS: result})
    assert (whole.status, result.message.title[:-1] in whole.cause) == (ActivityStatus.ALERT, True)


def test_a_replay_after_a_fix_stores_the_part_and_clears_it(house: House) -> None:
    clients(house, WELL.replace("1980-02-03", "20th"), "")
    house.sync(Entity.CLIENTS)
    (entry,) = house.aside()
    (still,) = replay(house.integration, SLUG)
    assert (still.key, len(house.aside())) == ("quarantine.still_unreadable", 1)
    with house.database.write() as session:  # stands in for a reader that can read the day
        well = update(Quarantine).values(payload=entry.payload.replace("20th", "1980-02-20"))
        session.connection().execute(well)
    house.forget_calls()
    (summary,) = replay(house.integration, SLUG)
    assert (summary.key, house.aside(), house.asked()) == ("quarantine.replayed", [], [])
    assert the(house, "client", uuid=ONE)["date_of_birth"] == dt.date(1980, 2, 20)


def test_items_of_a_job_are_left_out_alone(house: House) -> None:
    task = "<Task><UUID>{}</UUID><Name>{}</Name><DueDate>{}</DueDate><Assigned>{}</Assigned></Task>"
    assigned = "<Staff><UUID>s1</UUID></Staff>"

    def jobs(*tasks: str) -> None:
        body = f"<Job><ID>J1</ID><Tasks>{''.join(tasks)}</Tasks></Job>"
        answer = f"<Response><Status>OK</Status><Jobs>{body}</Jobs></Response>"
        house.order("status", "job.api/current", status=200, body=answer)
        house.sync(Entity.JOBS, SyncMode.CHANGES)

    jobs(task.format("t1", "One", "2024-01-01", assigned), task.format("t2", "Two", "2024-01-02", assigned))
    jobs(
        task.format("t1", "Uno", "soon", "<Staff><Name>nobody</Name></Staff>"),
        "<Task><Name>Two</Name></Task>",
        task.format("t3", "Three", "2024-01-03", ""),
    )
    tasks = {one["uuid"]: one for one in the(house, "job", number="J1")["tasks"]}
    assert tasks.keys() == {"t1", "t2", "t3"}
    assert (tasks["t1"]["name"], tasks["t1"]["due_date"]) == ("Uno", "2024-01-01")
    assert [one["uuid"] for one in tasks["t1"]["assigned"]] == ["s1"]
    assert tasks["t2"]["name"] == "Two"
    (aside,) = house.aside()
    assert aside.parts == "Tasks.0.DueDate, Tasks.0.Assigned.0, Tasks.1"


def values(house: House, inside: str) -> Any:  # noqa: ANN401 - a result of a sync
    """Let XPM give one client these values, and compare them."""
    key = sorted(house.active("client", "uuid"))[0]
    body = f"<Response><Status>OK</Status><CustomFields>{inside}</CustomFields></Response>"
    house.order("status", f"client.api/get/{key}/customfield", status=200, body=body)
    return house.sync(Entity.CUSTOM_FIELDS, records=(key,))


def test_a_custom_field_value_that_cannot_be_read_stays_and_the_others_are_stored(house: House) -> None:
    house.sync(Entity.CLIENTS)
    factor = "<CustomField><UUID>f1</UUID><Name>Factor</Name><Decimal>{}</Decimal></CustomField>"
    named = "<CustomField><UUID>f2</UUID><Name>Nickname</Name><Text>{}</Text></CustomField>"
    values(house, factor.format("2.5") + named.format("Bo"))
    renamed = factor.replace("Decimal>", "Money>").format("1.5")
    twice = factor.format("1.5") + factor.format("2.5")
    for spoilt in (factor.format("1,5"), twice, factor[33:].format("1.5"), renamed):
        name = f"Bo after {len(spoilt)}"
        result = values(house, "<CustomField>" * (spoilt[0] != "<") + spoilt + named.format(name))
        found = {row["definition_uuid"]: row for row in house.rows("custom_field_value")}
        assert (found["f1"]["decimal"], found["f2"]["text"]) == (Decimal("2.5"), name)
        assert (result.partly_read, result.message.status) == (1, ActivityStatus.ALERT)
        assert len(house.aside()) == 1
    values(house, factor.format("1.5"))
    assert [(row["definition_uuid"], row["decimal"]) for row in house.rows("custom_field_value")] == [
        ("f1", Decimal("1.5"))
    ]
    assert house.aside() == []
