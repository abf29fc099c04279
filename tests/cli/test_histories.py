"""`fyi-xpm history`: the history of a record, as a person reads it in a terminal."""

import json
from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tests.cli.office import BEGAN, edited, some_jobs, synced
from tests.cli.shell import MERE, SLUG, Installed, Shell
from tests.store.kit import client, job
from xpm.entities.names import Entity, Noun
from xpm.entities.registry import BY_NOUN
from xpm.store.records import reverts
from xpm.store.records.changes import Author
from xpm.store.records.kinds import ALL, CLIENTS, JOB_CUSTOM_FIELDS
from xpm.store.records.rows import RecordRow
from xpm.store.vocabulary import SyncTrigger


def test_every_kind_of_record_can_be_named() -> None:
    assert {BY_NOUN[noun].table.name for noun in Noun} == set(ALL)


def test_each_change_is_shown_with_its_time_author_and_fields_in_80_columns(
    fyi_xpm: Shell, installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed.add_practice()
    synced(installed, [job("J1", state="Planned", tasks=[{"name": "Plan", "done": False}])], "night-1")
    edited(installed, "J1", MERE, state="Ready for a second look by somebody who has " + "a great deal of time " * 4)
    tasks = [{"name": "Plan", "done": True, "note": None}]
    again = [job("J1", 1, state="Done", tasks=tasks)]
    synced(installed, again, "by-hand", hours=30, trigger=SyncTrigger.MANUAL, person=MERE)
    monkeypatch.setenv("COLUMNS", "80")

    shown = fyi_xpm("history", "job", "J1").out

    assert max(len(line) for line in shown.splitlines()) <= 80
    zone, *heads = [line for line in shown.splitlines() if not line.startswith(" ")]
    assert zone == "When (Sydney time)"
    assert [head.partition("  ")[2] for head in heads] == [
        "added by overnight sync",
        f"changed by {MERE}",
        f"changed by sync by hand, {MERE}",
    ]
    assert heads[0].startswith(f"{BEGAN.astimezone(ZoneInfo('Australia/Sydney')):%d %b %Y %H:%M}  added")
    assert "state: Planned → Ready for a second look" in shown
    assert "name: J1 version 0 → J1 version 1" in shown
    assert [line.strip() for line in shown.splitlines()][-2:] == ["- name Plan, done no", "+ name Plan, done yes"]


def test_a_change_without_a_known_author_is_by_somebody_in_fyi(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    synced(installed, some_jobs(1), "night-1")
    edited(installed, "J1", None, state="Ready")
    shown = fyi_xpm("history", "job", "J1").out
    assert "changed by somebody in FYI" in shown
    assert "state: (empty) → Ready" in shown


def test_only_added_and_removed_entries_of_a_list_are_shown(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    for version, groups in enumerate((["g1", "g2"], ["g2", "g3"])):
        rows = [client("c1", version, groups=groups)]
        synced(installed, rows, f"run-{version}", hours=version, table=CLIENTS, entity=Entity.CLIENTS)
    shown = [line.strip() for line in fyi_xpm("history", "client", "c1").out.splitlines()]
    assert "client group member:" in shown
    gone_and_come = [line[0] for line in shown if "G1" in line or "G3" in line]
    assert gone_and_come == ["-", "+"]


def test_a_job_s_history_has_its_custom_fields_by_name_and_nothing_that_is_fyis_alone(
    fyi_xpm: Shell, installed: Installed
) -> None:
    installed.add_practice()
    synced(installed, [replace(job("J1", manager_uuid="u1", manager_name="Sam"), sent_digest=b"1")], "night-1")
    for hours, amount in ((1, 5), (2, 6)):
        of = [_with_fee("J1", amount)]
        synced(installed, of, f"values-{hours}", hours, table=JOB_CUSTOM_FIELDS, entity=Entity.CUSTOM_FIELDS)
    renamed = job("J1", 1, manager_uuid="u2", manager_name="Kiri")
    synced(installed, [replace(renamed, sent_digest=b"2")], "night-2", hours=24)
    synced(installed, [replace(renamed, sent_digest=b"3", content_hash=b"x")], "night-3", hours=48)

    shown = fyi_xpm("history", "job", "J1").out
    changes = json.loads(fyi_xpm("history", "job", "J1", "--json").out)[0]["changes"]

    assert "Fee budget: (empty) → 5" in shown
    assert "Fee budget: 5 → 6" in shown
    assert "manager name: Sam → Kiri" in shown
    assert not any(inside in shown for inside in ("digest", "b'", "uuid", "UTC"))
    assert [len(change["fields"]) > 0 for change in changes] == [False, True, True, True]
    assert changes[1]["fields"] == [{"field": "Fee budget", "before": None, "after": "5"}]


def _with_fee(job: str, amount: int) -> RecordRow:
    value = {**dict.fromkeys(("text", "date", "number", "decimal", "boolean")), "decimal": Decimal(amount)}
    values = [{"definition_uuid": "d1", "name": "Fee budget", **value}]
    return RecordRow(job, f"{amount}".encode(), {}, {"custom_field_value": values})


def test_a_removed_record_says_so(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    run = synced(installed, some_jobs(1), "night-1")
    by = synced(installed, [], "revert", hours=1, trigger=SyncTrigger.REVERT)
    with installed.database.write() as session:
        reverts.revert(session, [run], Author(BEGAN, run_id=by), overwrite=False)
    shown = fyi_xpm("history", "job", "J1").out
    assert "removed by revert" in shown
    assert shown.endswith("job J1 is no longer in FYI: the sync that had added it was taken back.\n")


def test_an_unknown_record_and_an_unknown_kind_are_reported_as_unknown(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    said = fyi_xpm("history", "tax-return", "T9")
    assert (said.code, said.out.count("\n")) == (0, 1)
    assert "Nothing is known of tax return T9." in said.out
    assert "90 days" in said.out
    refused = fyi_xpm("history", "invoice", "I1")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "'tax-return'" in refused.err


def test_a_key_that_several_practices_have_needs_the_practice(fyi_xpm: Shell, installed: Installed) -> None:
    for slug in (SLUG, "tasman-bay"):
        installed.add_practice(slug)
        synced(installed, [job("J1", name=f"A job of {slug}")], "night", practice=slug)
        synced(installed, [job("J1", 1, name=f"Renamed by {slug}")], "later", hours=1, practice=slug)
    refused = fyi_xpm("history", "job", "J1")
    assert refused.code == 2
    assert all(word in refused.err for word in (SLUG, "tasman-bay", "--practice"))
    shown = fyi_xpm("history", "job", "J1", "--practice", "tasman-bay").out
    assert "Renamed by tasman-bay" in shown
    assert SLUG not in shown
