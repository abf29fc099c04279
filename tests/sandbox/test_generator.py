"""The generator is repeatable, and its records are as awkward as real ones."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from sandbox.accounts.account import Account
from sandbox.clock import Clock
from sandbox.world import COASTAL_BRANCH, HARBOUR_VALE, World, demo_world, small_world
from sandbox.xpm.render import View

START = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def everything(account: Account) -> list[list[dict[str, object]]]:
    tables = [
        account.clients.records(),
        account.jobs.records(),
        *(s.records() for s in account.catalogues.values()),
    ]
    return [list(table) for table in tables]


def frozen(seed: int = 7) -> World:
    """Build a small world on a fixed day, since its dates depend on the day."""
    return small_world(seed=seed, clock=Clock(START))


def test_the_same_seed_and_date_give_the_same_account() -> None:
    first, second = (everything(frozen().accounts[HARBOUR_VALE]) for _ in range(2))
    assert first == second
    assert everything(frozen(seed=8).accounts[HARBOUR_VALE]) != first


def test_a_record_does_not_depend_on_the_order_of_generation() -> None:
    forwards, backwards = frozen().accounts[HARBOUR_VALE], frozen().accounts[HARBOUR_VALE]
    made = [forwards.jobs.record(position) for position in range(12)]
    assert [backwards.jobs.record(position) for position in reversed(range(12))][::-1] == made


def test_jobs_were_created_over_as_many_years_as_are_asked_for() -> None:
    two, six = (
        [str(job["StartDate"])[:10] for job in world.accounts[HARBOUR_VALE].jobs.records()]
        for world in (small_world(years=2, clock=Clock(START)), frozen())
    )
    assert len(two) == len(six) == 12
    assert min(six) < "2020-04"
    assert "2024-02" < min(two) < "2024-04"


def test_two_accounts_share_job_numbers_but_no_uuids() -> None:
    world = demo_world()
    mine, theirs = (
        {record["UUID"] for record in [*account.jobs.records(), *account.clients.records(), *account.staff.records()]}
        for account in (world.accounts[HARBOUR_VALE], world.accounts[COASTAL_BRANCH])
    )
    assert not mine & theirs
    assert {job["ID"] for job in world.accounts[HARBOUR_VALE].jobs.records()} & {
        job["ID"] for job in world.accounts[COASTAL_BRANCH].jobs.records()
    }


def test_the_demo_world_has_its_documented_size() -> None:
    world = demo_world()
    harbour, coastal = world.accounts[HARBOUR_VALE].counts(), world.accounts[COASTAL_BRANCH].counts()
    assert [harbour[name] for name in ("jobs", "clients", "staff", "tax_returns")] == [1200, 450, 24, 260]
    assert [coastal[name] for name in ("jobs", "clients", "staff", "tax_returns")] == [300, 120, 8, 60]


def test_keys_are_unique() -> None:
    account = demo_world().accounts[HARBOUR_VALE]
    numbers = [job["ID"] for job in account.jobs.records()]
    assert len(set(numbers)) == len(numbers)
    uuids = [job["UUID"] for job in account.jobs.records()]
    assert len(set(uuids)) == len(uuids)


def test_an_account_contains_every_kind_of_awkward_record() -> None:
    account = demo_world().accounts[HARBOUR_VALE]
    clients, jobs = list(account.clients.records()), list(account.jobs.records())
    names = " ".join(client["Name"] for client in clients)
    assert {"&", "'", "<"} <= set(names)
    assert not names.isascii()
    assert any(job["Client"] is None for job in jobs)
    assert any(job["Manager"] is None for job in jobs)
    assert any("\n" in (job["Description"] or "") for job in jobs)
    assert any(client["IsProspect"] == "Yes" for client in clients)
    assert any(client["BillingClient"] for client in clients)
    assert any(client["Relationships"] for client in clients)
    assert any(not client["Contacts"] for client in clients)
    assert any(not job["ID"].startswith("J") for job in jobs)
    types = {row["ValueElement"] for row in account.definitions.records()}
    assert types == {"Text", "Decimal", "Date", "Boolean", "Number"}


def test_dates_are_relative_to_the_day_the_world_is_made() -> None:
    clock = Clock(START)
    account = demo_world(clock=clock).accounts[HARBOUR_VALE]
    oldest = min(job["StartDate"] for job in account.jobs.records())
    assert oldest[:4] == "2020"
    completed = [job["CompletedDate"] for job in account.jobs.records() if job["CompletedDate"]]
    assert max(completed)[:10] <= "2026-03-04"


def test_the_people_who_sign_in_are_on_the_staff_list() -> None:
    names = [member["Name"] for member in frozen().accounts[COASTAL_BRANCH].staff.records()]
    assert names[:3] == ["Mere Tāne", "Sam Brooks", "Leo Fraser"]


def test_an_account_can_be_empty() -> None:
    account = Account(Clock(START), "t", "Empty", jobs=0, clients=0, staff=1, returns=9)
    assert [account.counts()[name] for name in ("jobs", "clients", "groups", "tax_returns")] == [0, 0, 0, 0]


def test_an_account_can_have_jobs_but_no_clients() -> None:
    account = Account(Clock(START), "t", "No clients", jobs=3, clients=0)
    assert [job["Client"] for job in account.jobs.records()] == [None] * 3


def test_the_clock_never_goes_back() -> None:
    clock = Clock(START)
    assert clock.now() - START < timedelta(seconds=5)
    assert clock.advance(90) - START >= timedelta(seconds=90)


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), min_size=1
)


@given(TEXT | st.sampled_from(["\r\n", "a\tb\nc", "]]>", "&amp;", "<!--"]))
def test_any_text_survives_rendering_and_parsing(text: str) -> None:
    xml = View("plain", "Client").write({"UUID": "u", "Name": text})
    assert ET.fromstring(xml).findtext("Name") == text  # noqa: S314 - just made


@given(st.text(max_size=20), st.sampled_from(["Fax", "Phone", "Notes", "Client"]))
def test_an_empty_element_is_always_written_the_same_way_and_never_with_a_value(key: str, name: str) -> None:
    view = View("plain", "Client")
    first, second = (view.write({"UUID": key, name: None}) for _ in range(2))
    assert first == second
    assert first.decode().endswith(
        (
            "</UUID></Client>",
            f"<{name} /></Client>",
            f"<{name}></{name}></Client>",
            "UUID /></Client>",
            "<Client></Client>",
        )
    )


def test_tax_elements_depend_on_the_country() -> None:
    def elements(country: str) -> set[str]:
        clients = small_world(country=country, clients=30).accounts[HARBOUR_VALE].clients.records()
        return {name for client in clients for name, value in client.items() if value}

    assert {"PrepareActivityStatement", "TaxNumber", "ClientCode"} <= elements("AU")
    assert {"AgencyStatus", "ReturnType", "TaxNumber"} <= elements("NZ")
    assert not {"ClientCode", "PrepareActivityStatement"} & elements("NZ")
    assert not {"TaxNumber", "GSTBasis", "AgencyStatus", "ActiveAtoClient"} & elements("GB")
