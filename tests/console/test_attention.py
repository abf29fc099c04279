"""Things to look at: each can be acted on from the page, and every record can be reached."""

from tests.console.office import HARBOUR, LEO, MERE, TENANT, Office, text_of
from xpm.store import people
from xpm.store.records import bulk
from xpm.store.records.kinds import JOBS, STAFF
from xpm.store.records.kinds import RecordTable as Kind
from xpm.store.records.rows import RecordRow, Scope
from xpm.store.vocabulary import FyiStatus

APPS = f"/practices/{HARBOUR}"


def has(office: Office, kind: Kind, *records: dict[str, str]) -> None:
    """Store records, each with some of its columns, and its `key`."""
    run = office.synced("staff")
    rows = [
        RecordRow(key=one["key"], content_hash=b"1", columns={name: one.get(name) for name in kind.columns})
        for one in records
    ]
    with office.integration.database.write() as session:
        bulk.apply(session, kind, Scope(HARBOUR, TENANT), rows, run_id=run.id, now=office.integration.clock())


def statuses(office: Office) -> list[FyiStatus]:
    with office.integration.database.read() as session:
        return [one.fyi_status for one in people.staff_of(session, HARBOUR)]


def test_staff_are_accepted_on_the_page(office: Office) -> None:
    office.connect()
    has(office, STAFF, {"key": "s-1", "name": "Aroha Ngata"})
    shown = office.get(APPS)
    assert 'name="key" value="s-1"><button aria-label="Accept Aroha Ngata">Accept</button>' in shown.text
    assert "fyi-xpm staff accept" not in shown.text
    assert office.post(f"{APPS}/staff", {"key": "s-1"}).headers["location"] == f"{APPS}#attention"
    assert statuses(office) == [FyiStatus.ACTIVE]
    assert office.post(f"{APPS}/staff", {"key": "s-2"}).status_code == 409
    assert "Accept</button>" not in office.log_in(LEO).get(APPS).text
    assert office.post(f"{APPS}/staff", {"key": "s-1"}).status_code == 403


def test_who_is_an_fyi_user_already_does_not_wait_to_be_accepted(office: Office) -> None:
    office.connect()
    has(office, STAFF, {"key": "s-1", "name": "Mere Tāne", "email": f" {MERE.title()}"})
    assert "Things to look at" not in office.get(APPS).text
    with office.integration.database.write() as session:
        people.update(session, office.person(MERE).id, is_active=False)
    office.log_in("sam.brooks@harbourvale.example")
    assert "not active in FYI: 1" in text_of(office.get(APPS))


def test_jobs_without_a_client_lead_to_the_switch_on_the_page(office: Office) -> None:
    office.connect()
    has(
        office,
        JOBS,
        {
            "key": "J1",
            "number": "J1",
            "name": "Advice",
            **dict.fromkeys(("assigned", "tasks", "milestones", "notes"), "[]"),
        },
    )
    shown = office.get(APPS).text
    assert f'href="{APPS}#settings">Go to Include Archived Clients' in shown
    assert "fyi-xpm practice set" not in shown


def test_every_record_of_a_long_list_can_be_reached(office: Office) -> None:
    office.connect()
    has(office, STAFF, *({"key": f"s-{number:03}", "name": f"Member {number:03}"} for number in range(196)))
    shown = office.get(APPS).text
    assert "The first 20 of 196." in shown
    page, met = f"{APPS}/attention?reason=staff_waiting", set[str]()
    assert f'href="{page}">See all of them' in shown
    for part in (page, f"{page}&from=100"):
        answer = office.get(part)
        met |= {f"s-{number:03}" for number in range(196) if f"<code>s-{number:03}</code>" in answer.text}
    assert "101 to 196 of 196." in text_of(answer)
    assert len(met) == 196
    assert office.get(f"{APPS}/attention?reason=nothing").status_code == 404
