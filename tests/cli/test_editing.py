"""`fyi-xpm edit`, `edit-file` and `edits`: people edit in FYI, see what waits, and decide what cannot go on."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.office import TENANT, moved_in, some_jobs, synced
from tests.cli.shell import MERE, SLUG, Installed, Shell, types
from tests.store.kit import client
from xpm.entities.names import Entity
from xpm.store.push import edits
from xpm.store.push.edits import Reason
from xpm.store.records.kinds import CLIENTS, JOBS
from xpm.store.records.rows import Scope
from xpm.words import message

BY = ("--by", MERE)


@pytest.fixture
def office(installed: Installed) -> Installed:
    """A connected practice with sixty jobs, J1 of which Sam manages, and two of its staff."""
    moved_in(installed, SLUG)
    return installed


def test_an_edit_says_what_changes_and_that_it_is_pending_and_nothing_is_lost_of_it(
    fyi_xpm: Shell, office: Installed
) -> None:
    said = fyi_xpm("edit", "job", "j1", "manager=kiri@acme.example", "description=Two\nlines", *BY)

    assert (said.code, said.err) == (0, "")
    assert "Manager: Sam Tāne → Kiri Moana" in said.out
    assert "Pending Sync. Records: 1, fields: 2, requests to Xero: about 3." in said.out
    (manager, description) = json.loads(fyi_xpm("edits", "list", SLUG, "--json").out)
    assert (manager["record"], manager["field"], manager["base"]) == ("J1", "Manager", "Sam Tāne")
    assert (manager["ours"], manager["theirs"], manager["made_by"]) == ("Kiri Moana", None, MERE)
    assert description["ours"] == "Two\nlines"
    assert MERE in fyi_xpm("history", "job", "J1").out


def test_an_edit_says_when_it_is_sent_or_that_it_is_not(
    fyi_xpm: Shell, office: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit = ("edit", "job", "J1", *BY)

    never = fyi_xpm(*edit, "name=A")
    monkeypatch.setenv("XPM_PUSH", "true")
    later = fyi_xpm(*edit, "name=B")  # Prefect is not there
    with_others = fyi_xpm("edit-file", SLUG, _file("kind,record,field,value\njob,J1,name,C\n"), *BY)

    assert [said.code for said in (never, later, with_others)] == [0, 0, 0]
    assert message("push.switched_off").title in never.out
    assert "It could not be sent at once" in later.out
    assert "Start Prefect and the worker. It is sent within five minutes after that.\n" in later.out
    assert "fyi-xpm doctor\n" in later.out
    assert "sent within minutes" in with_others.out


def test_a_dry_run_shows_the_change_and_the_calls_with_their_bodies_and_changes_nothing(
    fyi_xpm: Shell, office: Installed
) -> None:
    said = fyi_xpm("edit", "job", "J1", "name=Annual accounts", "manager=", *BY, "--dry-run")

    assert (said.code, said.err) == (0, "")
    assert "Name: J1 version 0 → Annual accounts" in said.out
    assert "Manager: Sam Tāne → (empty)" in said.out
    assert "PUT job.api/update" in said.out
    assert "<Name>Annual accounts</Name>" in said.out
    assert "<remove-manager/>" in said.out
    assert "Nothing was changed." in said.out
    assert fyi_xpm("edits", "list", SLUG, "--json").out == "[]\n"
    assert fyi_xpm("audit", "list", SLUG, "--json").out.count('"edit"') == 0


REFUSED = [
    (["due=soon"], "soon is not a date"),
    (["colour=red"], "has no field colour"),
    (["manager=nobody@acme.example"], "Manager: there is no current staff member nobody@acme.example"),
    (["name="], "Name cannot be empty"),
    (["name"], "is not a field and its value"),
    (["name=A", "name=B"], "is given twice"),
    (["name=A", "Name=B"], "two different values"),
    (["name=A", "--version", "an older one"], "changed by somebody else"),
]


def test_an_edit_is_refused_in_one_line_before_anything_is_changed(fyi_xpm: Shell, office: Installed) -> None:
    for values, said in [*REFUSED, (["due=soon", "--dry-run"], "soon is not a date")]:
        refused = fyi_xpm("edit", "job", "J1", *values, *BY)

        assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
        assert said in refused.err
    assert fyi_xpm("edits", "list", SLUG, "--state", "all", "--json").out == "[]\n"


def test_an_edit_of_a_version_that_is_not_the_newest_any_more_is_refused(fyi_xpm: Shell, office: Installed) -> None:
    _clients(office)
    edit = ("edit", "client", "c1 VERSION 0", *BY)
    seen = json.loads(fyi_xpm(*edit, "phone=555", "--dry-run", "--json").out)["version"]

    renamed = json.loads(fyi_xpm(*edit, "name=Acme & Sons", "--version", seen, "--json").out)
    refused = fyi_xpm("edit", "client", "acme & sons", "phone=556", *BY, "--version", seen)

    assert renamed["made"]
    assert renamed["version"] != seen
    assert (refused.code, "changed by somebody else" in refused.err) == (2, True)
    assert [one["ours"] for one in _listed(fyi_xpm, "open")] == ["Acme & Sons"]


def test_a_record_of_several_practices_needs_the_practice(fyi_xpm: Shell, office: Installed) -> None:
    moved_in(office, "tasman-bay", count=1)
    edit = ("edit", "job", "J1", "name=Accounts", *BY)

    refused = fyi_xpm(*edit)

    assert refused.code == 2
    assert all(word in refused.err for word in (SLUG, "tasman-bay", "--practice"))
    assert fyi_xpm(*edit, "--practice", "tasman-bay").code == 0
    assert fyi_xpm("edit", "job", "J2", "name=Accounts", *BY).code == 0  # only one practice has it
    assert "There is no job J99" in fyi_xpm("edit", "job", "J99", "name=Accounts", *BY).err
    assert [one["record"] for one in json.loads(fyi_xpm("edits", "list", SLUG, "--json").out)] == ["J2"]


def test_a_file_is_made_whole_or_refused_line_by_line(fyi_xpm: Shell, office: Installed) -> None:
    bad = _file(
        "\ufeffkind,Record,field,value\n"
        'job,J1,description,"Two\nlines"\n'
        "job,J2,due,soon\n"
        "\n"
        "invoice,I1,name,A\n"
        "job,J3,name\n"
        "job,J1,description,Another\n"
    )

    refused = fyi_xpm("edit-file", SLUG, bad, *BY)

    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "Lines that are refused: 4" in refused.err
    assert [line.partition(":")[0] for line in refused.out.splitlines()] == ["Line 4", "Line 6", "Line 7", "Line 8"]
    as_json = fyi_xpm("edit-file", SLUG, bad, *BY, "--json")
    assert (as_json.code, [one["line"] for one in json.loads(as_json.out)["refused"]]) == (2, [4, 6, 7, 8])
    assert fyi_xpm("edits", "list", SLUG, "--json").out == "[]\n"


def test_changes_of_one_record_on_several_lines_count_as_one(fyi_xpm: Shell, office: Installed) -> None:
    lines = _file("kind,record,field,value\njob,J1,name,A\njob,J1,description,B\njob,J2,name,J2 version 0\n")

    planned = json.loads(fyi_xpm("edit-file", SLUG, lines, *BY, "--dry-run", "--json").out)
    made = json.loads(fyi_xpm("edit-file", SLUG, lines, *BY, "--json").out)

    assert [one["record"] for one in planned["records"]] == [one["record"] for one in made["records"]] == ["J1"]
    assert (planned["made"], planned["requests"], len(planned["calls"])) == (False, 2, 1)
    assert (made["made"], made["requests"]) == (True, 2)
    assert {one["origin"] for one in json.loads(fyi_xpm("edits", "list", SLUG, "--json").out)} == {made["origin"]}


def test_many_records_wait_for_their_number(fyi_xpm: Shell, office: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = _file("kind,record,field,value\n" + "".join(f"job,J{one},name,Job {one}\n" for one in range(1, 5)))

    for answer in ("", "3\n"):
        types(monkeypatch, answer)
        refused = fyi_xpm("edit-file", SLUG, lines, *BY)
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert "To be changed: records: 4, fields: 4, requests to Xero: about 8" in refused.out
        assert "add --confirm 4" in refused.err
    assert "add --confirm 4" in fyi_xpm("edit-file", SLUG, lines, *BY, "--json").err
    assert fyi_xpm("edits", "list", SLUG, "--json").out == "[]\n"

    types(monkeypatch, "4\n")
    assert fyi_xpm("edit-file", SLUG, lines, *BY).code == 0
    assert len(json.loads(fyi_xpm("edits", "list", SLUG, "--json").out)) == 4


NO_LISTS = [
    (b"kind,record,field,value\njob,J1,name,T\xe2ne\n", "not in UTF-8"),
    (b"kind;record;colour;value\n", "The columns of the file"),
    (
        b"kind;record;field;value\njob;J1;name;A\n",
        "separates its cells with semicolons. Nothing was changed.",
    ),
    (b'"kind";"record";"field";"value"\n', "separates its cells with semicolons"),
    (b"kind\trecord\tfield\tvalue\n", "separates its cells with tabs"),
    (b"\xef\xbb\xbfkind,record,field,value\n\n", "and nothing below"),
    (b"", "is empty"),
    (b'kind,record,field,value\njob,J1,name,"A\n', "is not CSV"),
]


def test_a_person_at_a_terminal_types_the_number_or_stops_with_enter(
    fyi_xpm: Shell, office: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = _file("kind,record,field,value\n" + "".join(f"job,J{one},name,Job {one}\n" for one in range(1, 5)))

    for answer, code in (("\n", 2), ("n\n", 2), ("4\n", 0)):
        types(monkeypatch, answer, at_terminal=True)
        said = fyi_xpm("edit-file", SLUG, lines, *BY)
        assert said.code == code
        assert "Type 4 to go on, or press Enter to stop" in said.err
        assert "valid integer" not in said.err


def test_what_a_file_changes_is_listed_and_its_lines_that_change_nothing_are_named(
    fyi_xpm: Shell, office: Installed
) -> None:
    lines = _file("kind,record,field,value\njob,J1,name,A\njob,J2,name,J2 version 0\njob,J3,name,J3 version 0\n")

    said = fyi_xpm("edit-file", SLUG, lines, *BY)

    assert said.code == 0
    assert "job J1\n    Name: J1 version 0 → A\n" in said.out
    assert "Lines that change nothing, since FYI has these values already: 3, 4." in said.out
    assert "FYI has these values already. Nothing was changed." in fyi_xpm("edit-file", SLUG, lines, *BY).out


def test_a_file_that_is_no_list_of_edits_is_refused(fyi_xpm: Shell, office: Installed) -> None:
    for content, said in NO_LISTS:
        Path("edits.csv").write_bytes(content)

        refused = fyi_xpm("edit-file", SLUG, "edits.csv", *BY)

        assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
        assert said in refused.err
    assert "cannot be read" in fyi_xpm("edit-file", SLUG, "nowhere.csv", *BY).err


def test_a_conflict_shows_both_sides_and_is_decided_and_the_losing_value_put_back(
    fyi_xpm: Shell, office: Installed
) -> None:
    number = _in_conflict(fyi_xpm, office, 1)[0]
    assert f"{MERE}," in fyi_xpm("edits", "list", SLUG).out  # whoever decides calls this person

    shown = fyi_xpm("edits", "show", SLUG, number).out
    assert all(text in shown for text in ("J1 version 0", "Named in FYI", "J1 version 1", MERE, "conflict"))
    assert "FYI's value was kept" not in shown
    for said in (shown, fyi_xpm("edits", "list", SLUG).out):
        assert f"to keep FYI's value: fyi-xpm edits keep {SLUG} {number} --by EMAIL\n" in said
        assert f"to take Xero Practice Manager's value: fyi-xpm edits take {SLUG} {number} --by EMAIL\n" in said
    assert f"fyi-xpm edits list {SLUG}\n" in fyi_xpm("status", SLUG).out
    taken = fyi_xpm("edits", "take", SLUG, number, *BY)
    assert f"Put FYI's value back: fyi-xpm edits put-back {SLUG} {number} --by {MERE}\n" in taken.out
    assert _job_name(fyi_xpm, "J1") == "J1 version 1"
    again = fyi_xpm("edits", "keep", SLUG, number, *BY)
    assert (again.code, "it is withdrawn" in again.err) == (2, True)
    assert f"See how it stands: fyi-xpm edits show {SLUG} {number}\n" in again.err
    assert fyi_xpm("edits", "put-back", SLUG, number, *BY).code == 0
    assert _job_name(fyi_xpm, "J1") == "Named in FYI"


def test_an_edit_that_arrived_is_shown_with_its_value_on_both_sides(fyi_xpm: Shell, office: Installed) -> None:
    fyi_xpm("edit", "job", "J2", "name=J2 version 1", *BY)
    synced(office, some_jobs(2, version=1)[1:], "next night", hours=24)  # somebody typed the same there

    (listed,) = _listed(fyi_xpm, "confirmed")
    shown = fyi_xpm("edits", "list", SLUG, "--state", "confirmed").out

    assert (listed["base"], listed["ours"]) == ("J2 version 0", "J2 version 1")
    assert shown.count("J2 version 1") == 3  # the record, FYI and Xero Practice Manager
    nothing = fyi_xpm("edits", "list", SLUG).out
    assert "Nothing waits: every edit made in FYI has reached Xero Practice Manager" in nothing
    assert f"fyi-xpm edits list {SLUG} --state all" in nothing
    assert "There are no such edits" in fyi_xpm("edits", "list", SLUG, "--state", "refused").out


def test_all_conflicts_of_a_field_are_decided_after_their_number_was_typed(
    fyi_xpm: Shell, office: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    _in_conflict(fyi_xpm, office, 3)
    keep = ("edits", "keep", SLUG, "--all", "--field", "name", *BY)

    for answer in ("", "2\n", "n\n", "\n"):
        types(monkeypatch, answer)
        refused = fyi_xpm(*keep)
        assert (refused.code, "type 3 when you are asked, or add --yes" in refused.err) == (2, True)
    assert "There are no such edits" in fyi_xpm(*keep[:4], "--field", "due", *BY).out
    assert len(_listed(fyi_xpm, "conflict")) == 3

    types(monkeypatch, "3\n")
    assert fyi_xpm(*keep).code == 0
    assert len(_listed(fyi_xpm, "queued")) == 3


def test_edits_are_named_either_by_number_or_all_of_them(fyi_xpm: Shell, office: Installed) -> None:
    for arguments in ([], ["1", "--all"], ["1", "--field", "name"]):
        assert fyi_xpm("edits", "keep", SLUG, *arguments, *BY).code == 2


def test_the_log_is_exported_line_by_line_without_formulas(fyi_xpm: Shell, office: Installed) -> None:
    (number,) = _in_conflict(fyi_xpm, office, 1, ours="=1+1")
    fyi_xpm("edits", "withdraw", SLUG, number, *BY)

    said = fyi_xpm("edits", "log", SLUG, "--csv", "log.csv")

    assert "log.csv: 3" in said.out
    with Path("log.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["edit"], row["record"], row["field"], row["state"], row["in_fyi"]) for row in rows] == [
        (number, "J1", "Name", state, "'=1+1") for state in ("queued", "conflict", "withdrawn")
    ]
    assert [row["person"] for row in rows] == [MERE, "", MERE]
    assert len(json.loads(fyi_xpm("edits", "log", SLUG, "--json").out)) == 3
    assert fyi_xpm("edits", "log", SLUG, "--since", "2100-01-01", "--json").out == "[]\n"


def test_a_state_is_sent_by_the_code_that_was_set_for_it(fyi_xpm: Shell, office: Installed) -> None:
    before = {one["name"]: one for one in json.loads(fyi_xpm("states", "list", SLUG, "--json").out)}
    assert before["In Progress"] == {"name": "In Progress", "code": "INPROGRESS", "is_set": False}

    said = fyi_xpm("states", "set", SLUG, "in progress", "WIP", *BY)
    assert "The job state In Progress is sent as WIP from now on. Until now it was sent as INPROGRESS." in said.out
    assert fyi_xpm("states", "set", SLUG, "Peer review", "PEER", "--new", *BY).code == 0

    after = {one["name"]: one["code"] for one in json.loads(fyi_xpm("states", "list", SLUG, "--json").out)}
    assert (after["In Progress"], after["Peer review"]) == ("WIP", "PEER")
    planned = fyi_xpm("edit", "job", "J1", "state=Peer review", *BY, "--dry-run").out
    assert "<State>PEER</State>" in planned


def test_a_state_that_no_job_ever_had_is_set_only_if_that_is_said(fyi_xpm: Shell, office: Installed) -> None:
    refused = fyi_xpm("states", "set", SLUG, "In Progres", "WIP", *BY)

    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "No job of the practice was ever seen in a state In Progres. Nothing was set." in refused.err
    assert "--new" in refused.err
    assert "In Progres" not in [one["name"] for one in json.loads(fyi_xpm("states", "list", SLUG, "--json").out)]


def test_a_code_is_forgotten_and_with_it_a_state_that_no_job_has(fyi_xpm: Shell, office: Installed) -> None:
    before = fyi_xpm("states", "list", SLUG, "--json").out
    fyi_xpm("states", "set", SLUG, "In Progress", "WIP", *BY)
    fyi_xpm("states", "set", SLUG, "Invented", "INV", "--new", *BY)

    code = fyi_xpm("states", "forget", SLUG, "in progress", *BY)
    state = fyi_xpm("states", "forget", SLUG, "Invented", *BY)

    assert "forgotten: WIP. From now on it is sent as INPROGRESS" in code.out
    assert "The job state Invented is forgotten with its code: INV." in state.out
    assert fyi_xpm("states", "list", SLUG, "--json").out == before
    again = fyi_xpm("states", "forget", SLUG, "Invented", *BY)
    assert (again.code, "No code is set for the job state Invented" in again.err) == (2, True)


def test_recorded_time_is_pending_like_any_edit(fyi_xpm: Shell, office: Installed) -> None:
    add = ("time", "add", SLUG, "J1", "--date", f"{datetime.now(UTC):%Y-%m-%d}", "--minutes", "90", *BY)

    refused = fyi_xpm(*add, "--task", "Plan", "--staff", "kiri@acme.example")
    said = fyi_xpm(*add, "--task", "Plan", "--staff", "sam@acme.example", "--note", "Accounts")

    assert (refused.code, "Kiri Moana is not assigned" in refused.err) == (2, True)
    assert (said.code, "Pending Sync. Time for job J1" in said.out) == (0, True)
    (listed,) = _listed(fyi_xpm, "queued")
    assert (listed["record"], listed["field"]) == ("J1", "Time")
    assert str(listed["ours"]).startswith("90 minutes on")


def test_only_active_users_of_the_practice_edit(fyi_xpm: Shell, office: Installed) -> None:
    stranger = ("--by", "stranger@acme.example")
    for command in (
        ["edit", "job", "J1", "name=A"],
        ["edits", "take", SLUG, "1"],
        ["states", "set", SLUG, "Planned", "P"],
        ["edit", "job", "J1", "name=A", "--dry-run"],
        ["edit-file", SLUG, _file("kind,record,field,value\njob,J1,name,A\n")],
    ):
        refused = fyi_xpm(*command, *stranger)
        assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
        assert "stranger@acme.example is no FYI user of Harbour & Vale" in refused.err
        assert f"fyi-xpm user list {SLUG}" in refused.err


def test_a_state_that_was_refused_comes_with_the_command_that_sets_its_code(fyi_xpm: Shell, office: Installed) -> None:
    fyi_xpm("states", "set", SLUG, "Peer review", "PEER", "--new", *BY)
    fyi_xpm("edit", "job", "J1", "state=Peer review", *BY)
    with office.database.write() as session:
        of = Scope(SLUG, TENANT)
        refused = Reason("push.refused_state_set", "Invalid state code (PEER)")
        edits.refuse(session, of, JOBS.name, ["J1"], refused, now=datetime.now(UTC))

    shown = fyi_xpm("edits", "list", SLUG).out

    assert f"Edit 1, to set the code: fyi-xpm states set {SLUG} 'Peer review' CODE --by EMAIL\n" in shown
    assert f"Edit 1, to send it again: fyi-xpm edits try-again {SLUG} 1 --by EMAIL\n" in shown
    assert f"Edit 1, to give it up: fyi-xpm edits withdraw {SLUG} 1 --by EMAIL\n" in shown


def _clients(installed: Installed) -> None:
    synced(installed, [client("c1")], "night", table=CLIENTS, entity=Entity.CLIENTS)


def _in_conflict(fyi_xpm: Shell, installed: Installed, count: int, ours: str = "Named in FYI") -> list[str]:
    """Change the names of so many jobs on both sides, and return the numbers of the edits."""
    for number in range(1, count + 1):
        fyi_xpm("edit", "job", f"J{number}", f"name={ours}", *BY)
    synced(installed, some_jobs(count, version=1), "next night", hours=24)
    return [str(one["number"]) for one in _listed(fyi_xpm, "conflict")]


def _listed(fyi_xpm: Shell, state: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(fyi_xpm("edits", "list", SLUG, "--state", state, "--json").out)
    return found


def _job_name(fyi_xpm: Shell, number: str) -> object:
    (life,) = json.loads(fyi_xpm("history", "job", number, "--json").out)
    names = [field["after"] for change in life["changes"] for field in change["fields"] if field["field"] == "name"]
    return names[-1]


def _file(text: str) -> str:
    Path("edits.csv").write_text(text, encoding="utf-8")
    return "edits.csv"
