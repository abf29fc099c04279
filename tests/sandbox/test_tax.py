"""The tax feed: pages, fields by country, checks and limits."""

from sandbox.server import SandboxServer
from sandbox.world import small_world
from tests.sandbox.xero_app import XeroApp


def test_a_page_has_returns_cursor_and_total(app: XeroApp) -> None:
    page = app.get("/tax/returns", pageSize=2).json()
    assert set(page) == {"returns", "nextCursor", "total"}
    assert (len(page["returns"]), page["total"]) == (2, 5)
    last = app.get("/tax/returns", pageSize=4, cursor=page["nextCursor"]).json()
    assert (len(last["returns"]), last["nextCursor"]) == (3, None)


def test_amounts_are_signed_decimal_strings_and_unknown_ones_are_null(demo_app: XeroApp) -> None:
    rows = demo_app.truth("tax_returns")
    assert all(isinstance(row["year"], int) for row in rows)
    amounts = [row["estimatedPayable"] for row in rows if row["estimatedPayable"] is not None]
    assert any(amount.startswith("-") for amount in amounts)
    assert any(row["assessedIncome"] is None for row in rows)
    activity = [row for row in rows if row["taxType"] == "AS"]
    assert activity
    assert {row["estimatedIncome"] for row in activity} == {None}


def test_new_zealand_returns_have_period_status_and_year_but_no_amounts() -> None:
    with SandboxServer(small_world(country="NZ")) as server:
        app = XeroApp(server).connect()
        rows = app.get("/tax/returns").json()["returns"]
        app.http.close()
    assert {row["taxType"] for row in rows} <= {"IR3", "IR4", "IR6"}
    assert all(row["periodFrom"] and row["periodTo"] and row["status"] for row in rows)
    assert {row[name] for row in rows for name in ("estimatedIncome", "assessedPayable", "lodgedOn", "dueOn")} == {None}


def test_accounts_outside_au_and_nz_have_no_tax_feed() -> None:
    with SandboxServer(small_world(country="GB")) as server:
        app = XeroApp(server).connect()
        answer = app.get("/tax/returns")
        app.http.close()
    assert answer.status_code == 404
    assert answer.json()["error"] == "tax_not_available"


def test_the_feed_has_the_same_checks_and_limits_as_xpm(app: XeroApp) -> None:
    assert app.get("/tax/returns", tenant=None).status_code == 403
    assert "x-minlimit-remaining" in app.get("/tax/returns").headers
    assert app.http.get("/tax/returns").status_code == 401
    assert app.http.post("/tax/returns").status_code == 405


def test_wrong_cursors_and_page_sizes_are_refused(app: XeroApp) -> None:
    assert app.get("/tax/returns", cursor="x").status_code == 400
    assert app.get("/tax/returns", pageSize=0).status_code == 400
