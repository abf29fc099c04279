"""A program finds the jobs and clients of its practice, a page at a time, and sees which XPM does not have yet."""

from datetime import datetime, timedelta
from typing import Any

from tests.console.api.program import Programs
from tests.pull.house import SCOPE
from xpm.entities.names import Noun
from xpm.store.records import bulk, kinds
from xpm.store.vocabulary import ArchiveReason


def test_a_job_is_found_by_number_part_of_its_name_or_client(programs: Programs) -> None:
    desk = programs.desk
    job = desk.a_job()
    desk.edit(Noun.JOB, job, name="Unheard-of 100% return_1")
    client = desk.job_in_fyi(job)["client_uuid"]

    (found,) = programs.get("jobs", number=job.lower())["records"]

    seen = programs.get(f"jobs/{job}")
    head = {name: seen[name] for name in ("kind", "xpm_id", "number", "name", "pending_sync")}
    assert found == {**head, "changed_at": found["changed_at"]}
    assert (found["number"], found["pending_sync"]) == (job, True)
    for part in ("unheard", "100% RETURN_", "_1"):
        assert programs.get("jobs", name=part)["records"] == [found], part
    assert programs.get("jobs", name="100__return")["records"] == []
    assert found in programs.get("jobs", client=client)["records"]
    assert len(programs.get("jobs", client=client)["records"]) < len(everything(programs, "jobs"))
    assert programs.get("jobs", number=job, name="Another")["records"] == []


def test_a_client_is_found_by_part_of_its_name_and_has_no_number(sqlite_programs: Programs) -> None:
    client = sqlite_programs.desk.a_client()
    name = str(sqlite_programs.desk.client_in_fyi(client)["name"])

    found = sqlite_programs.get("clients", name=name[1:].upper())["records"]

    assert {"kind": "client", "xpm_id": client, "number": None, "name": name, "pending_sync": False}.items() <= next(
        one for one in found if one["xpm_id"] == client
    ).items()
    assert sqlite_programs.get(f"clients/{client}")["name"] == name


def test_what_changed_is_found_whoever_changed_it_and_in_whichever_field(programs: Programs) -> None:
    desk = programs.desk
    edited, valued, _ = desk.some_jobs(3)
    since = max(datetime.fromisoformat(one["changed_at"]) for one in everything(programs, "jobs"))
    desk.house.clock.ahead += timedelta(minutes=5)
    assert programs.get("jobs", changed_after=since.isoformat())["records"] == []

    desk.edit(Noun.JOB, edited, name="Named by a person")
    programs.patch_job(valued, **{"Fee budget": "77"})

    found = programs.get("jobs", changed_after=since.isoformat())["records"]
    assert {one["number"] for one in found} == {edited, valued}
    assert all(since < datetime.fromisoformat(one["changed_at"]) for one in found)


def test_all_current_records_are_listed_in_pages_without_a_gap(programs: Programs) -> None:
    house = programs.desk.house
    for path, noun, table in (("jobs", Noun.JOB, kinds.JOBS), ("clients", Noun.CLIENT, kinds.CLIENTS)):
        whole = everything(programs, path)
        with house.database.write() as session:
            gone = whole[1]["xpm_id"]
            bulk.archive(session, table, SCOPE, [gone], ArchiveReason.ABSENT, run_id=None, now=house.clock())
        left = [one for one in whole if one["xpm_id"] != gone]
        assert len(left) == len(whole) - 1 > 3, noun

        found, after = [], ""
        while after is not None:
            page = programs.get(path, after=after, limit=3)
            after = page["next"]
            assert len(page["records"]) <= 3
            found += page["records"]

        assert found == left


def test_a_job_whose_time_waits_is_pending(sqlite_programs: Programs) -> None:
    desk = sqlite_programs.desk
    job, staff, task = desk.assignment()
    today = desk.house.clock().date().isoformat()
    assert sqlite_programs.get(f"jobs/{job}")["pending_sync"] is False

    sqlite_programs.send("POST", f"jobs/{job}/times", staff=staff, task=task, date=today, minutes=45)

    (found,) = sqlite_programs.get("jobs", number=job)["records"]
    assert found["pending_sync"] is sqlite_programs.get(f"jobs/{job}")["pending_sync"] is True
    desk.push()
    assert sqlite_programs.get("jobs", number=job)["records"][0]["pending_sync"] is False


def everything(programs: Programs, path: str) -> list[Any]:
    records: list[Any] = programs.get(path, limit=500)["records"]
    return records
