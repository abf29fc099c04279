"""Programs edit many records at once, see what becomes of edits, and bring people's decisions about them."""

import pytest

from console.api.outgoing import MOST_CHANGES, ApiPreview
from tests.console.api.program import Programs, field
from xpm.entities.names import Entity, Noun
from xpm.entities.pushed import Channel
from xpm.push.asks import FieldEdit, Preview, Record, RecordEdit
from xpm.store.push.edits import Place

MANY = 6
"""More than a twentieth of the jobs of these tests."""


def renamed(jobs: list[str]) -> list[dict[str, object]]:
    return [{"kind": "job", "record": job, "values": {"name": f"A name for {job}"}} for job in jobs]


def test_many_edits_are_made_once_their_number_is_confirmed(programs: Programs) -> None:
    jobs = programs.desk.some_jobs(MANY)

    unconfirmed = programs.send("POST", "edits", edits=renamed(jobs))
    assert (unconfirmed.status_code, unconfirmed.json()["key"]) == (428, "push.unconfirmed")
    shown = unconfirmed.json()["preview"]
    assert (shown["records"], shown["fields"], shown["needs_confirmation"]) == (MANY, MANY, True)
    assert programs.send("POST", "edits", edits=renamed(jobs), confirm=MANY - 1).status_code == 428
    assert programs.desk.open_edits() == []

    made = programs.send("POST", "edits", edits=renamed(jobs), confirm=shown["records"])

    assert made.status_code == 200, made.text
    calls = programs.desk.push().calls
    assert calls == shown["calls"] == made.json()["preview"]["calls"]
    assert len(programs.get("edits", state="confirmed", origin=made.json()["origin"])["edits"]) == MANY


def test_whoever_is_asked_to_confirm_is_shown_each_field_before_and_after(sqlite_programs: Programs) -> None:
    desk = sqlite_programs.desk
    jobs, client = desk.some_jobs(MANY), desk.a_client()
    manager = next(one for one in desk.staff() if one.uuid != desk.job_in_fyi(jobs[0])["manager_uuid"])
    edits = renamed(jobs)
    edits[0]["values"] = {"manager": manager.email, "Fee budget": "1250.50", "name": desk.job_in_fyi(jobs[0])["name"]}
    edits.append({"kind": "client", "record": client, "values": {"city": "Nelson"}})

    unconfirmed = sqlite_programs.send("POST", "edits", edits=edits).json()["preview"]
    previewed = sqlite_programs.send("POST", "edits?preview=true", edits=edits).json()["preview"]

    first, second, *_, last = unconfirmed["changes"]
    job = desk.job_in_fyi(jobs[0])
    of_job = {"kind": "job", "record": jobs[0], "name": job["name"]}
    assert first == {**of_job, "field": "Manager", "before": job["manager_name"], "after": manager.name}
    before = field(sqlite_programs.get(f"jobs/{jobs[0]}"), "Fee budget")["value"]
    assert second == {**of_job, "field": "Fee budget", "before": before, "after": "1250.5"}
    of_client = {"kind": "client", "record": client, "name": desk.client_in_fyi(client)["name"]}
    assert last == {**of_client, "field": "City", "before": desk.client_in_fyi(client)["city"] or "", "after": "Nelson"}
    assert len(unconfirmed["changes"]) == unconfirmed["fields"] == MANY + 2
    assert previewed == unconfirmed
    assert desk.open_edits() == []


def test_a_preview_lists_so_many_fields_and_counts_all() -> None:
    record, place = Record(Noun.CLIENT, "c-1", "Baker"), Place("client", "c-1", "phone")
    change = FieldEdit(place, "Phone", Channel.DETAILS, None, "7", "", "7")

    preview = ApiPreview.of(Preview((RecordEdit(record, (change,) * (MOST_CHANGES + 1)),)))

    assert (len(preview.changes), preview.fields) == (MOST_CHANGES, MOST_CHANGES + 1)


def test_a_preview_makes_nothing_and_says_which_edits_are_refused(sqlite_programs: Programs) -> None:
    jobs = sqlite_programs.desk.some_jobs(2)
    edits = [*renamed(jobs), {"kind": "job", "record": "J-NOWHERE", "values": {"name": "x"}}]

    seen = sqlite_programs.send("POST", "edits?preview=true", edits=edits).json()
    refused = sqlite_programs.send("POST", "edits", edits=edits, confirm=2)

    assert (seen["origin"], seen["preview"]["records"]) == (None, 2)
    assert [(one["number"], one["reason"]["key"]) for one in seen["preview"]["refused"]] == [(3, "push.record_unknown")]
    assert (refused.status_code, refused.json()["key"]) == (422, "push.record_unknown")
    assert refused.json()["preview"] == seen["preview"]
    assert sqlite_programs.desk.open_edits() == []


def test_an_edit_of_an_overtaken_version_among_many_stops_them_all(sqlite_programs: Programs) -> None:
    jobs = sqlite_programs.desk.some_jobs(2)
    edits = renamed(jobs)
    edits[1]["version"] = sqlite_programs.get(f"jobs/{jobs[1]}")["version"]
    sqlite_programs.patch_job(jobs[1], name="Overtaken")

    late = sqlite_programs.send("POST", "edits", edits=edits, confirm=2)

    assert (late.status_code, late.json()["key"]) == (409, "push.overtaken")
    assert len(sqlite_programs.desk.open_edits()) == 1


def test_edits_and_the_log_are_listed_in_pages_without_a_gap(sqlite_programs: Programs) -> None:
    jobs = sqlite_programs.desk.some_jobs(MANY)
    sqlite_programs.send("POST", "edits", edits=renamed(jobs), confirm=MANY)
    sqlite_programs.desk.push()

    everything = {
        "edits": sqlite_programs.get("edits", state="confirmed")["edits"],
        "push-log": sqlite_programs.get("push-log")["steps"],
    }
    for path, whole in everything.items():
        entries, after = [], 0
        while after is not None:
            page = sqlite_programs.get(path, after=after, limit=2, state="confirmed")
            after = page.pop("next")
            (found,) = page.values()
            assert len(found) <= 2
            entries += found
        assert entries == whole
    assert len(everything["edits"]) == MANY
    states = [one["state"] for one in everything["push-log"]]
    assert [states.count(state) for state in ("queued", "sending", "confirmed")] == [MANY] * 3


def test_an_edits_life_says_what_was_sent_when_by_which_call_and_how_it_ended(sqlite_programs: Programs) -> None:
    sqlite_programs.patch_job(sqlite_programs.desk.a_job(), name="Named by a program")
    sqlite_programs.desk.push()
    (edit,) = sqlite_programs.get("edits", state="confirmed")["edits"]

    life = sqlite_programs.get(f"edits/{edit['number']}")

    assert life["edit"] == edit
    assert [step["state"] for step in life["steps"]] == ["queued", "sending", "confirmed"]
    assert life["steps"][0]["person"] == sqlite_programs.desk.person
    call = life["steps"][1]["call"]
    assert (call["endpoint"], call["outcome"], call["status"]) == ("job.update", "done", 200)


@pytest.mark.parametrize(("choice", "wins"), [("keep", "Named in FYI"), ("take", "Named in XPM")])
def test_a_conflict_is_decided_and_the_value_that_lost_is_put_back(programs: Programs, choice: str, wins: str) -> None:
    job, number = in_conflict(programs)

    seen = {"seen": field(programs.get(f"jobs/{job}"), "name")["edit"]["theirs_at"]}
    decided = programs.send("POST", f"edits/{number}/{choice}", **seen)
    assert decided.status_code == 200, decided.text
    programs.desk.push()
    assert (programs.desk.job_in_xpm(job)["Name"], name_of(programs, job)) == (wins, wins)

    again = programs.send("POST", f"edits/{number}/{choice}", **seen)
    assert (again.status_code, again.json()["key"]) == (422, "push.not_to_decide")
    assert programs.send("POST", f"edits/{number}/put-back").status_code == 200
    programs.desk.push()

    (lost,) = {"Named in FYI", "Named in XPM"} - {wins}
    assert (programs.desk.job_in_xpm(job)["Name"], name_of(programs, job)) == (lost, lost)
    done = [(line.action, line.outcome, line.actor) for line in programs.trail() if line.action == "decide_edit"]
    assert done == [
        ("decide_edit", "done", "documents"),
        ("decide_edit", "refused", "documents"),
        ("decide_edit", "done", "documents"),
    ]


@pytest.mark.parametrize("choice", ["keep", "take"])
def test_a_decision_about_a_value_that_xpm_has_replaced_since_is_refused(
    sqlite_programs: Programs, choice: str
) -> None:
    job, number = in_conflict(sqlite_programs)
    (shown,) = sqlite_programs.get("edits", state="conflict")["edits"]
    sqlite_programs.desk.in_xpm(job, Name="Named in XPM again")
    sqlite_programs.desk.house.sync(Entity.JOBS)

    refused = sqlite_programs.send("POST", f"edits/{number}/{choice}", seen=shown["theirs_at"])

    assert (refused.status_code, refused.json()["key"]) == (409, "push.theirs_overtaken")
    (now,) = sqlite_programs.get("edits", state="conflict")["edits"]
    assert now["theirs"] == "Named in XPM again"
    decided = sqlite_programs.send("POST", f"edits/{number}/{choice}", seen=now["theirs_at"])
    assert decided.status_code == 200, decided.text


@pytest.mark.parametrize("choice", ["keep", "take"])
def test_nobody_chooses_between_two_values_without_saying_which_was_seen(
    sqlite_programs: Programs, choice: str
) -> None:
    _, number = in_conflict(sqlite_programs)

    for path, body in ((f"edits/{number}/{choice}", {}), (f"conflicts/{choice}", {"field": "name"})):
        refused = sqlite_programs.send("POST", path, **body)
        assert (refused.status_code, refused.json()["misfits"][0]["where"]) == (422, "body.seen")

    assert [one["number"] for one in sqlite_programs.get("edits", state="conflict")["edits"]] == [number]


def test_what_is_in_conflict_can_be_withdrawn_since_nothing_in_xpm_is_replaced(sqlite_programs: Programs) -> None:
    job, number = in_conflict(sqlite_programs)

    withdrawn = sqlite_programs.send("POST", f"edits/{number}/withdraw")

    assert withdrawn.json()["edit"]["state"] == "withdrawn", withdrawn.text
    assert name_of(sqlite_programs, job) == "Named in XPM"


def test_all_conflicts_of_a_field_are_decided_at_once_if_all_were_seen_as_they_are(sqlite_programs: Programs) -> None:
    desk = sqlite_programs.desk
    jobs = desk.some_jobs(3)
    for job in jobs:
        sqlite_programs.patch_job(job, name="Named in FYI", description="Described in FYI")
        desk.in_xpm(job, Name="Named in XPM", Description="Described in XPM")
    desk.house.sync(Entity.JOBS)
    listed = sqlite_programs.get("edits", state="conflict", field="name")["edits"]
    seen = {str(one["number"]): one["theirs_at"] for one in listed}

    for outdated in ({**seen, str(listed[0]["number"]): "2026-01-01T00:00:00Z"}, dict([*seen.items()][:2])):
        refused = sqlite_programs.send("POST", "conflicts/take", field="name", seen=outdated)
        assert (refused.status_code, refused.json()["key"]) == (409, "push.theirs_overtaken")
        assert len(sqlite_programs.get("edits", state="conflict", field="name")["edits"]) == 3
    decided = sqlite_programs.send("POST", "conflicts/take", field="name", seen=seen)

    assert decided.json() == {"edits": 3}
    assert {name_of(sqlite_programs, job) for job in jobs} == {"Named in XPM"}
    assert [one["field"] for one in sqlite_programs.get("edits", state="conflict")["edits"]] == ["Description"] * 3


def test_a_withdrawn_edit_is_not_sent(sqlite_programs: Programs) -> None:
    job = sqlite_programs.desk.a_job()
    before = name_of(sqlite_programs, job)
    sqlite_programs.patch_job(job, name="Not to be sent")
    (edit,) = sqlite_programs.get("edits")["edits"]

    life = sqlite_programs.send("POST", f"edits/{edit['number']}/withdraw").json()

    assert (life["edit"]["state"], name_of(sqlite_programs, job)) == ("withdrawn", before)
    assert sqlite_programs.desk.push().calls == 0


def in_conflict(programs: Programs) -> tuple[str, int]:
    job = programs.desk.a_job()
    programs.patch_job(job, name="Named in FYI")
    programs.desk.in_xpm(job, Name="Named in XPM")
    programs.desk.house.sync(Entity.JOBS)
    (edit,) = programs.get("edits", state="conflict")["edits"]
    return job, edit["number"]


def name_of(programs: Programs, job: str) -> str:
    return str(field(programs.get(f"jobs/{job}"), "name")["value"])
