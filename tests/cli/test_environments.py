"""A program that `fyi-xpm` starts sees what it needs of the environment, and no secret beyond that."""

from pathlib import Path

import pytest

from cli.environments import (
    OF_A_RUN,
    of_any_program,
    of_prefect_client,
    of_prefect_server,
    of_worker,
    placed,
    written_here,
)
from xpm.settings import Settings

NOT_FOR_RUNS = frozenset(
    {
        "XPM_LOGIN_ISSUER",
        "XPM_LOGIN_CLIENT_ID",
        "XPM_LOGIN_CLIENT_SECRET",
        "XPM_OPERATORS",
        "XPM_SESSION_IDLE_MINUTES",
        "XPM_SESSION_HOURS",
    }
)
"""Settings that no run reads: those of the console's login."""

EVERYTHING = {
    "PATH": "/usr/bin",
    "HOME": "/home/xpm",
    "LC_ALL": "C.UTF-8",
    "HTTPS_PROXY": "http://proxy.example:3128",
    "SSL_CERT_FILE": "/etc/ssl/ca.pem",
    "PGSSLROOTCERT": "/etc/ssl/pg.pem",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "SSH_AUTH_SOCK": "/run/agent",
    "XPM_ENCRYPTION_KEYS": "secret",
    "XPM_FUTURE_SECRET": "secret",
    "XERO_CLIENT_SECRET": "secret",
    "PREFECT_API_URL": "http://127.0.0.1:4200/api",
    "PREFECT_API_AUTH_STRING": "operator:secret",
    "PREFECT_HOME": "/var/prefect",
    "PREFECT_SERVER_API_AUTH_STRING": "operator:secret",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL": "postgresql+asyncpg://prefect:secret@db/prefect",
    "PREFECT_API_DATABASE_PASSWORD": "secret",
}
OF_ANY = {"PATH", "HOME", "LC_ALL", "HTTPS_PROXY", "SSL_CERT_FILE"}
OF_A_CLIENT = {"PREFECT_API_URL", "PREFECT_API_AUTH_STRING", "PREFECT_HOME"}


def test_any_program_sees_no_setting_and_no_secret() -> None:
    assert set(of_any_program(EVERYTHING)) == OF_ANY


def test_the_prefect_server_sees_nothing_of_fyi_or_xero() -> None:
    prefects = {name for name in EVERYTHING if name.startswith("PREFECT_")}

    assert set(of_prefect_server(EVERYTHING)) == OF_ANY | prefects | {"PGSSLROOTCERT"}


def test_a_client_of_prefect_sees_neither_the_servers_settings_nor_ours() -> None:
    assert set(of_prefect_client(EVERYTHING)) == OF_ANY | OF_A_CLIENT


def test_the_worker_sees_what_a_run_needs_and_no_other_variable() -> None:
    ours = {"XPM_ENCRYPTION_KEYS", "XERO_CLIENT_SECRET", "PGSSLROOTCERT"}

    assert set(of_worker(EVERYTHING)) == OF_ANY | OF_A_CLIENT | ours


def test_values_are_handed_on_as_they_are() -> None:
    assert of_worker(EVERYTHING).items() <= EVERYTHING.items()


def test_every_setting_is_either_one_that_runs_read_or_one_that_is_kept_from_them() -> None:
    assert not OF_A_RUN & NOT_FOR_RUNS
    assert {name.upper() for name in Settings.model_fields} == OF_A_RUN | NOT_FOR_RUNS


def test_runs_find_what_the_worker_was_started_with_although_they_start_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("XPM_ENCRYPTION_KEYS=of-this-folder\nXERO_CLIENT_ID=\n# a remark\n")
    settings = Settings(_env_file=None, xpm_tax_exports=Path("exports"))
    assert written_here() == {"XPM_ENCRYPTION_KEYS": "of-this-folder", "XERO_CLIENT_ID": ""}
    assert placed(settings) == {
        "XPM_DATABASE_URL": f"sqlite:///{tmp_path}/.xpm/xpm.db",
        "XPM_DRY_RUNS": f"{tmp_path}/.xpm/dry-runs",
        "XPM_TAX_EXPORTS": f"{tmp_path}/exports",
    }


def test_an_address_of_postgresql_is_passed_on_as_it_is() -> None:
    url = "postgresql+psycopg://xpm:p%40ss@db.example/xpm?sslmode=require"
    assert placed(Settings(_env_file=None, xpm_database_url=url))["XPM_DATABASE_URL"] == url
