"""An edit of a program does not wait for the next push, and does not depend on one that can be started."""

from tests.console.api.program import Programs, field
from tests.pull.house import SLUG


def test_a_push_is_started_after_an_edit_and_after_a_decision(sqlite_programs: Programs) -> None:
    sqlite_programs.patch_job(sqlite_programs.desk.a_job(), name="Named by a program")
    assert sqlite_programs.pushes.next() == SLUG
    (edit,) = sqlite_programs.get("edits")["edits"]

    sqlite_programs.send("POST", f"edits/{edit['number']}/withdraw")

    assert sqlite_programs.pushes.next() == SLUG


def test_an_edit_is_made_although_prefect_does_not_answer(sqlite_programs: Programs) -> None:
    sqlite_programs.pushes.is_up = False

    made = sqlite_programs.patch_job(sqlite_programs.desk.a_job(), name="Named by a program")

    assert sqlite_programs.pushes.next() == SLUG
    assert made["record"]["pending_sync"] is True


def test_many_edits_in_a_row_start_few_pushes(sqlite_programs: Programs) -> None:
    job = sqlite_programs.desk.a_job()
    for number in range(20):
        sqlite_programs.patch_job(job, name=f"Name {number}")

    assert 1 <= sqlite_programs.pushes.asked() <= 12


def test_what_changed_nothing_starts_no_push(sqlite_programs: Programs) -> None:
    job = sqlite_programs.desk.a_job()
    seen = sqlite_programs.get(f"jobs/{job}")
    sqlite_programs.send("PATCH", f"jobs/{job}", version=seen["version"], values={"due": "tomorrow"})
    sqlite_programs.send("PATCH", f"jobs/{job}", version="0", values={"name": "Overtaken"})
    sqlite_programs.patch_job(job, name=str(field(seen, "name")["value"]))

    sqlite_programs.patch_job(job, name="Named by a program")

    assert (sqlite_programs.pushes.next(), sqlite_programs.pushes.asked()) == (SLUG, 0)
