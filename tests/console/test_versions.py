"""A console that runs on while another version of the code migrates its database."""

from tests.console.office import HARBOUR, Office


def test_nothing_is_shown_or_done_once_the_database_is_of_another_version(office: Office) -> None:
    office.connect()
    with office.integration.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'r9999'")
    answers = office.get(f"/practices/{HARBOUR}"), office.post(f"/practices/{HARBOUR}/sync", {"entities": "all"})
    for answer in answers:
        assert (answer.status_code, "FYI is being updated" in answer.text) == (503, True)
    assert office.runs.started == []
