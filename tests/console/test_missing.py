"""Records that are suddenly missing: what an administrator sees of them, and how they confirm them."""

from uuid import UUID

from tests.console.office import HARBOUR, LEO, MERE, TENANT, Office, path_of, text_of
from xpm.entities.names import Entity
from xpm.store.pull import missing
from xpm.store.records import bulk
from xpm.store.records.kinds import STAFF
from xpm.store.records.rows import RecordRow, Scope
from xpm.store.vocabulary import RunStatus, SyncMode

APPS = f"/practices/{HARBOUR}"
PAGE = f"{APPS}/missing?entity=staff"
OPERATOR = "ops@fyi.example"


def misses(office: Office, *keys: str, flow_run_id: UUID | None = None, of_former_account: bool = False) -> None:
    """Let a sync of staff find these missing."""
    run = office.synced("staff", flow_run_id, RunStatus.ACTION_REQUIRED, source_count=3, stored_count=3 + len(keys))
    now = office.integration.clock()
    with office.integration.database.write() as session:
        missing.keep(session, run, STAFF.name, keys, now, of_former_account=of_former_account)


def test_missing_records_are_listed_by_name_and_confirmed_with_a_button(office: Office) -> None:
    office.connect()
    knows(office, "s-1", "Aroha Ngata")
    run = office.runs.add(HARBOUR, "sync", [Entity.STAFF])
    misses(office, "s-1", "s-2", flow_run_id=run)
    for page in (APPS, f"/runs/{run}"):
        shown = office.get(page)
        assert "Staff that are suddenly missing in Xero Practice Manager: 2" in text_of(shown)
        assert "Records in the list that Xero sent: 3." in text_of(shown)
        assert "Confirm 2 missing, and sync again" in shown.text
        assert f'href="{PAGE}"' in shown.text
    assert f'<a href="/runs/{run}"><span class="badge warn">' in office.get(APPS).text
    assert "Aroha Ngata" in office.get(PAGE).text

    answer = office.post(f"{APPS}/missing", {"entity": "staff", "count": "2"})
    (started,) = office.runs.started
    assert started == {
        "practice": HARBOUR,
        "entities": [Entity.STAFF],
        "mode": SyncMode.FULL,
        "person": MERE,
        "confirm_missing": 2,
    }
    assert path_of(answer).startswith("/runs/")
    assert office.entries()[0].title == ("Mere Tāne confirmed that staff were removed in Xero Practice Manager: 2")


def test_another_number_than_the_one_shown_confirms_nothing(office: Office) -> None:
    office.connect()
    misses(office, "s-1", "s-2")
    for count in ("3", "", "many"):
        assert office.post(f"{APPS}/missing", {"entity": "staff", "count": count}).status_code == 409
    assert office.post(f"{APPS}/missing", {"entity": "clients", "count": "2"}).status_code == 409
    assert "That is no longer so" in office.get(f"{APPS}/missing?entity=clients").text
    assert office.runs.started == []


def test_who_is_no_fyi_admin_sees_the_records_but_confirms_nothing(office: Office) -> None:
    office.connect()
    misses(office, "s-1")
    assert "Confirm 1 missing" not in office.log_in(LEO).get(PAGE).text
    assert office.post(f"{APPS}/missing", {"entity": "staff", "count": "1"}).status_code == 403
    assert office.runs.started == []


def test_practice_activity_leads_to_the_missing_records(office: Office) -> None:
    office.connect()
    misses(office, "s-1")
    office.happened("sync.too_many_missing", entity="Staff", missing=1, stored=4, added=0, changed=0)
    assert PAGE not in office.get(f"{APPS}/activity").text  # an entry of no sync of now
    with office.integration.database.write() as session:
        (found,) = missing.find(session, Scope(HARBOUR, TENANT))
        entry = office.entries()[0]
        session.add(entry)
        entry.run_id = found.run.id
    assert f'href="{PAGE}"' in office.get(f"{APPS}/activity").text


def test_after_a_move_the_page_names_the_former_accounts_records_and_says_whose_they_are(office: Office) -> None:
    office.connect()
    knows(office, "s-1", "Aroha Ngata", account="the former account")
    knows(office, "s-1", "Somebody else")  # the same key in the account that is connected now
    misses(office, "s-1", of_former_account=True)
    shown = office.get(PAGE)
    assert "Staff of the former account that the account connected now does not have: 1" in text_of(shown)
    assert "Aroha Ngata" in shown.text
    assert "Somebody else" not in shown.text


def knows(office: Office, key: str, name: str, account: str = TENANT) -> None:
    """Store a staff member."""
    run = office.synced("staff")
    columns = dict.fromkeys(STAFF.columns) | {"name": name}
    with office.integration.database.write() as session:
        rows = [RecordRow(key=key, content_hash=b"1", columns=columns)]
        bulk.apply(session, STAFF, Scope(HARBOUR, account), rows, run_id=run.id, now=office.integration.clock())
