"""A console that runs on while another version of the code migrates its database."""

from uuid import uuid4

import pytest

from console.app import ROUTES
from console.gate import GatedRoute
from tests.console.office import HARBOUR, Office

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
