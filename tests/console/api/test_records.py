"""A program of FYI reads a record with its pending state, and edits it as it saw it."""

from uuid import uuid4

from tests.console.api.program import Programs, field
from tests.pull.house import SCOPE
from tests.push.desk import Desk
from xpm.entities.names import Entity, Noun
from xpm.store.records import bulk, kinds
from xpm.store.records import edits as record_edits
from xpm.store.tables import Staff
from xpm.store.vocabulary import ArchiveReason


def test_an_edit_is_pending_until_xpm_has_it(programs: Programs) -> None:
    desk = programs.desk
    job = desk.a_job()
    before = programs.get(f"jobs/{job}")
    assert (before["kind"], before["number"], before["pending_sync"]) == ("job", job, False)

    changed = programs.patch_job(job, name="Named by a program", budget="1250.5")

    record = changed["record"]
    edit = field(record, "name")["edit"]
    assert record["pending_sync"] is True
    assert record["version"] != before["version"]
    assert (edit["state"], edit["ours"], edit["made_by"]) == ("queued", "Named by a program", desk.person)
    assert (edit["base"], edit["theirs"], edit["theirs_at"]) == (field(before, "name")["value"], None, None)
    assert [one["origin"] for one in programs.get("edits")["edits"]] == [changed["origin"]] * 2

    desk.push()

    after = programs.get(f"jobs/{job}")
    assert (after["pending_sync"], field(after, "Name")["value"]) == (False, "Named by a program")
    assert (desk.job_in_xpm(job)["Name"], field(after, "budget")["value"]) == ("Named by a program", "1250.5")


def test_an_edit_of_a_record_that_changed_meanwhile_is_refused_with_its_version_now(programs: Programs) -> None:
    job = programs.desk.a_job()
    seen = programs.get(f"jobs/{job}")
    programs.desk.edit(Noun.JOB, job, name="Named by a person")

    late = programs.send("PATCH", f"jobs/{job}", version=seen["version"], values={"name": "Named by a program"})

    now = programs.get(f"jobs/{job}")
    assert (late.status_code, late.headers["content-type"]) == (409, "application/problem+json")
    assert (late.json()["key"], late.json()["version"]) == ("push.overtaken", now["version"])
    assert field(now, "name")["value"] == "Named by a person"


def test_a_job_goes_by_its_number_or_xpm_id_and_a_client_by_its_xpm_id(sqlite_programs: Programs) -> None:
    desk = sqlite_programs.desk
    job, client = desk.a_job(), desk.a_client()

    by_number = sqlite_programs.get(f"jobs/{job}")
    of_client = sqlite_programs.get(f"clients/{client}")

    assert sqlite_programs.get(f"jobs/{by_number['xpm_id']}") == by_number
    assert (of_client["kind"], of_client["xpm_id"]) == ("client", client)
    made = sqlite_programs.send("PATCH", f"clients/{client}", version=of_client["version"], values={"City": "Nelson"})
    assert made.status_code == 200, made.text
    assert field(made.json()["record"], "city")["edit"]["ours"] == "Nelson"


def test_every_field_that_is_shown_can_be_edited_by_its_name_with_the_value_shown(sqlite_programs: Programs) -> None:
    desk = sqlite_programs.desk
    leave(desk, "manager_uuid")  # whom XPM has named, nobody can choose any more
    for path in (f"jobs/{desk.a_job()}", f"clients/{desk.a_client()}"):
        seen = sqlite_programs.get(path)
        values = {one["name"]: one["value"] for one in seen["fields"]}
        assert any(one["is_custom"] for one in seen["fields"])
        same = sqlite_programs.send("PATCH", path, version=seen["version"], values=values)
        assert (same.status_code, same.json().get("record")) == (200, seen), same.text
    assert desk.open_edits() == []


def test_a_record_and_the_list_of_edits_show_the_same_edit_in_the_same_words(sqlite_programs: Programs) -> None:
    desk = sqlite_programs.desk
    job, client = desk.a_job(), desk.a_client()
    staff = [one for one in desk.staff() if one.uuid != desk.job_in_fyi(job)["manager_uuid"]]
    namesake, *others = staff
    rename(desk, others[0], str(namesake.name))
    sqlite_programs.patch_job(job, manager=str(namesake.email), partner=str(others[1].email), name="In FYI", budget="7")
    desk.in_xpm(job, Manager={"UUID": others[1].uuid, "Name": others[1].name}, Description="", Budget=8)
    desk.edit(Noun.CLIENT, client, manager=str(others[1].email), phone="")
    desk.house.sync(Entity.JOBS)

    of_records = [
        field["edit"]
        for path in (f"jobs/{job}", f"clients/{client}")
        for field in sqlite_programs.get(path)["fields"]
        if field["edit"]
    ]

    listed = sqlite_programs.get("edits")["edits"]
    assert sorted(of_records, key=lambda one: one["number"]) == listed
    values = {one["field"]: (one["ours"], one["theirs"], one["theirs_at"] is None) for one in listed[:4]}
    assert values["Manager"] == (namesake.email, others[1].name, False)
    assert values["Partner"] == (others[1].name, None, True)
    assert values["Budget"] == ("7", "8", False)


def test_what_xpm_has_emptied_is_an_empty_text_and_what_it_left_alone_is_null(sqlite_programs: Programs) -> None:
    desk = sqlite_programs.desk
    job = desk.a_job()
    sqlite_programs.patch_job(job, description="Described in FYI", client_order_number="7")
    desk.push()
    sqlite_programs.patch_job(job, description="Described again", client_order_number="8")
    desk.in_xpm(job, Description=None)
    desk.house.sync(Entity.JOBS)

    (description, number) = sqlite_programs.get("edits")["edits"]

    assert (description["base"], description["theirs"]) == ("Described in FYI", "")
    assert (number["base"], number["theirs"], number["theirs_at"]) == ("7", None, None)


def test_what_a_field_does_not_take_is_said_in_a_sentence_and_nothing_is_changed(sqlite_programs: Programs) -> None:
    job = sqlite_programs.desk.a_job()
    seen = sqlite_programs.get(f"jobs/{job}")
    wrong = {
        "push.not_a_day": {"due": "tomorrow"},
        "push.state_unknown": {"state": "Nowhere"},
        "push.no_such_field": {"colour": "red"},
        "push.needed": {"name": ""},
        "push.staff_unknown": {"name": "Named by a program", "manager": "nobody@else.example"},
    }
    for key, values in wrong.items():
        refused = sqlite_programs.send("PATCH", f"jobs/{job}", version=seen["version"], values=values)
        assert (refused.status_code, refused.json()["key"]) == (422, key)
        assert refused.json()["next"]
    assert sqlite_programs.get(f"jobs/{job}") == seen


def test_only_an_active_user_of_the_practice_may_be_named_as_the_editor(sqlite_programs: Programs) -> None:
    job = sqlite_programs.desk.a_job()
    seen = sqlite_programs.get(f"jobs/{job}")
    sqlite_programs.desk.person = "somebody@else.example"

    refused = sqlite_programs.send("PATCH", f"jobs/{job}", version=seen["version"], values={"name": "By nobody"})

    assert (refused.status_code, refused.json()["key"]) == (422, "push.editor_unknown")
    assert sqlite_programs.get(f"jobs/{job}") == seen
    line = sqlite_programs.trail()[0]
    assert (line.action, line.outcome, line.actor, line.named) == (
        "edit",
        "refused",
        "documents",
        "somebody@else.example",
    )


def test_the_trail_names_the_program_and_the_person_of_an_edit(sqlite_programs: Programs) -> None:
    job = sqlite_programs.desk.a_job()
    sqlite_programs.patch_job(job, name="Named by a program")

    line = sqlite_programs.trail()[0]

    said = (line.actor_kind, line.actor, line.named, line.action, line.resource, line.outcome)
    assert said == ("program", "documents", sqlite_programs.desk.person, "edit", f"job {job}", "done")


def test_time_that_a_program_records_reaches_xpm_once(programs: Programs) -> None:
    desk = programs.desk
    job, staff, task = desk.assignment()
    today = desk.house.clock().date().isoformat()

    made = programs.send("POST", f"jobs/{job}/times", staff=staff, task=task, date=today, minutes=45, note="Call")

    assert made.status_code == 201, made.text
    before = len(desk.times_in_xpm())
    desk.push()
    desk.push()
    assert len(desk.times_in_xpm()) == before + 1
    closed = programs.send("POST", f"jobs/{job}/times", staff=staff, task="No such", date=today, minutes=45)
    assert (closed.status_code, closed.json()["key"]) == (422, "push.time_task_unknown")


def test_a_request_to_record_time_that_is_repeated_records_it_once(programs: Programs) -> None:
    desk = programs.desk
    job, staff, task = desk.assignment()
    today = desk.house.clock().date().isoformat()
    entry = {"staff": staff, "task": task, "date": today, "minutes": 45, "note": "Call", "id": str(uuid4())}

    first, again = (programs.send("POST", f"jobs/{job}/times", **entry) for _ in range(2))
    another = programs.send("POST", f"jobs/{job}/times", **{**entry, "minutes": 60})

    assert (first.status_code, again.status_code) == (201, 201)
    assert (first.json()["id"], again.json()["id"]) == (entry["id"], entry["id"])
    assert (another.status_code, another.json()["key"]) == (422, "push.time_another")
    desk.push()
    assert [one.minutes for one in desk.times_in_xpm()] == [45]


def test_both_sides_of_a_conflict_are_shown_with_the_record(sqlite_programs: Programs) -> None:
    desk = sqlite_programs.desk
    job = desk.a_job()
    base = field(sqlite_programs.get(f"jobs/{job}"), "name")["value"]
    sqlite_programs.patch_job(job, name="Named in FYI")
    desk.in_xpm(job, Name="Named in XPM")
    desk.house.sync(Entity.JOBS)

    edit = field(sqlite_programs.get(f"jobs/{job}"), "name")["edit"]

    assert (edit["state"], edit["reason"]["key"]) == ("conflict", "push.both_changed")
    assert (edit["base"], edit["ours"], edit["theirs"]) == (base, "Named in FYI", "Named in XPM")


def leave(desk: Desk, role: str) -> None:
    """Archive somebody who has this role in the job of these tests."""
    who = str(desk.job_in_fyi(desk.a_job())[role])
    house = desk.house
    with house.database.write() as session:
        bulk.archive(session, kinds.STAFF, SCOPE, [who], ArchiveReason.DELETED, run_id=None, now=house.clock())


def rename(desk: Desk, staff: Staff, name: str) -> None:
    """Give somebody the name of another."""
    with desk.house.database.write() as session:
        record_edits.edit(
            session, kinds.STAFF, SCOPE, staff.uuid, {"name": name}, person=desk.person, now=desk.house.clock()
        )
