"""A console that runs on while another version of the code migrates its database."""

from uuid import uuid4

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from console.app import ROUTES, create_app
from console.desk import desk_of, practice_of
from console.gate import GatedRoute, page_at
from tests.console.in_process import InProcess
from tests.console.office import CONSOLE, HARBOUR, MERE, Office, log_in
from xpm.access.rights import Right

NEEDS_NO_DATABASE = {("GET", "/health"), ("GET", "/login"), ("GET", "/login/link/{token}")}
PARTS = {"slug": HARBOUR, "run": uuid4(), "attempt": uuid4(), "token": "t" * 40}


@pytest.mark.parametrize("revision", ["r0001", "r9999"], ids=["older", "newer"])
def test_nothing_is_shown_or_done_once_the_database_is_of_another_version(office: Office, revision: str) -> None:
    office.connect()
    with office.integration.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = ?", (revision,))
        before = connection.exec_driver_sql("SELECT count(*) FROM audit_entry").scalar()
    asked = set()
    for route in (route for route in ROUTES if isinstance(route, GatedRoute)):
        method = "POST" if "POST" in (route.methods or ()) else "GET"
        if (method, route.path_format) not in NEEDS_NO_DATABASE:
            path = route.path_format.format(**PARTS)
            answer = office.post(path, {"entities": "all"}) if method == "POST" else office.get(path)
            assert (answer.status_code, "FYI is being updated" in answer.text) == (503, True), path
            asked.add(method)
    assert asked == {"GET", "POST"}
    assert office.runs.started == []
    with office.integration.database.engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM audit_entry").scalar() == before


def migrated_meanwhile(request: Request) -> Response:
    """A page during which somebody runs `fyi-xpm migrate` of a later version."""
    database = desk_of(request).integration.database
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE practice RENAME COLUMN name TO title")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'r9999'")
    with database.read() as session:
        practice_of(request, session)
    return Response("never reached")


def test_a_page_that_is_overtaken_by_a_migration_says_so(office: Office) -> None:
    route = page_at("/practices/{slug:slug}/slow", migrated_meanwhile, Right.SEE)
    app = create_app(office.integration, office.runs, more=[route])
    with httpx.Client(transport=InProcess(app), base_url=CONSOLE) as browser:
        log_in(office.integration, browser, MERE)
        answer = browser.get(f"/practices/{HARBOUR}/slow")
    assert (answer.status_code, "FYI is being updated" in answer.text) == (503, True)
