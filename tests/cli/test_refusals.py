"""A problem that keeps a command from starting is reported in one line with its cure, without a traceback."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from pydantic import ValidationError

from tests.cli.shell import MERE, SLUG, Installed, Outcome, Shell
from xpm import prefect_access
from xpm.settings import AT_XERO, Settings
from xpm.store.consent.vault import Vault

READING = {
    "status": ["status"],
    "activity": ["activity", SLUG],
    "practice list": ["practice", "list"],
    "practice add": ["practice", "add", SLUG, "--name", "Harbour & Vale"],
    "user list": ["user", "list", SLUG],
    "user add": ["user", "add", SLUG, MERE, "--name", "Mere"],
    "runs": ["runs", SLUG],
    "revert": ["revert", SLUG, "--run", "7d2f"],
    "history": ["history", "job", "J1"],
    "staff list": ["staff", "list", SLUG],
    "staff accept": ["staff", "accept", SLUG, MERE],
    "sync": ["sync", SLUG],
    "reconnect": ["reconnect", SLUG, "--admin", MERE],
    "deploy": ["deploy"],
    "console": ["console"],
}
"""Every command that reads the database."""
ASKING_PREFECT = {name: READING[name] for name in ("sync", "reconnect", "deploy")}


def assert_refused(said: Outcome, *names: str) -> None:
    assert (said.code, said.out) == (2, "")
    assert said.err.count("\n") == 1
    assert all(name in said.err for name in names), said.err


@pytest.mark.parametrize("arguments", READING.values(), ids=READING)
def test_a_database_that_was_not_migrated_is_refused(
    fyi_xpm: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str]
) -> None:
    monkeypatch.setenv("XPM_DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    monkeypatch.setenv("XPM_ENCRYPTION_KEYS", Vault.new_key())

    assert_refused(fyi_xpm(*arguments), "is empty or of an older version", "XPM_DATABASE_URL", "fyi-xpm migrate")


@pytest.mark.parametrize("arguments", [*READING.values(), ["migrate"]], ids=[*READING, "migrate"])
def test_a_database_that_a_later_version_migrated_is_refused(
    fyi_xpm: Shell, installed: Installed, arguments: list[str]
) -> None:
    with installed.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'r9999'")

    assert_refused(fyi_xpm(*arguments), "newer version")


def test_migrating_makes_a_new_database_usable(fyi_xpm: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XPM_DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    monkeypatch.setenv("XPM_ENCRYPTION_KEYS", Vault.new_key())

    assert fyi_xpm("migrate").code == fyi_xpm("migrate").code == 0
    assert fyi_xpm("status").code == 0


def test_without_a_key_the_command_to_make_one_is_named(
    fyi_xpm: Shell, installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XPM_ENCRYPTION_KEYS")

    assert_refused(fyi_xpm("status"), "XPM_ENCRYPTION_KEYS", "fyi-xpm keys new")


def test_an_invalid_key_is_refused_and_not_repeated(
    fyi_xpm: Shell, installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XPM_ENCRYPTION_KEYS", "hunter2")

    said = fyi_xpm("status")

    assert_refused(said, "XPM_ENCRYPTION_KEYS")
    assert "hunter2" not in said.err


@pytest.mark.parametrize(
    "url",
    [
        "not a database",
        "mysql://localhost/xpm",
        "sqlite://",
        "sqlite:////proc/no-such-folder/xpm.db",
        "postgresql://xpm:hunter2@127.0.0.1:1/xpm",
    ],
)
def test_a_database_that_cannot_be_reached_is_refused_without_its_password(
    fyi_xpm: Shell, installed: Installed, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("XPM_DATABASE_URL", url)

    said = fyi_xpm("status")

    assert_refused(said, "XPM_DATABASE_URL")
    assert "hunter2" not in said.err


def test_a_file_that_is_not_a_database_is_refused(
    fyi_xpm: Shell, installed: Installed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Mere, please find enclosed the accounts of the year. " * 100)
    monkeypatch.setenv("XPM_DATABASE_URL", f"sqlite:///{file}")

    assert_refused(fyi_xpm("status"), "XPM_DATABASE_URL")


def test_a_setting_that_cannot_be_used_is_named_without_its_value(fyi_xpm: Shell, installed: Installed) -> None:
    Path(".env").write_text("XERO_CALLS_PER_DAY=plenty\nXERO_MAX_CONCURRENT=0\n")

    said = fyi_xpm("status")

    assert_refused(said, "XERO_CALLS_PER_DAY", "XERO_MAX_CONCURRENT", ".env")
    assert "plenty" not in said.err


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:4280", "localhost:4280", "http://", "http://fyi:99999", "http://fyi:port", "http://[::1", "ftp://fyi"],
)
def test_a_console_address_that_no_browser_can_open_is_refused(
    fyi_xpm: Shell, installed: Installed, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("XPM_CONSOLE_URL", address)

    assert_refused(fyi_xpm("status"), "XPM_CONSOLE_URL: it must be an address such as https://")


@pytest.mark.parametrize(
    "address", ["tax.example/returns", "https:tax.example", "https://tax example/", "https://tax.example/\x7f"]
)
@pytest.mark.parametrize("name", ["XERO_TAX_URL", "XERO_XPM_URL", "XERO_ISSUER", "XPM_NOTIFY_URL"])
def test_an_address_that_cannot_be_called_is_refused_and_not_repeated(
    fyi_xpm: Shell, installed: Installed, monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    monkeypatch.setenv(name, address)

    said = fyi_xpm("status")

    assert_refused(said, f"{name}: it must be an address that begins with https:// or http://")
    with pytest.raises(ValidationError) as refused:  # what a flow run would log
        Settings()
    assert address not in said.err + str(refused.value)


@pytest.mark.parametrize(
    "address", ["http://xero.example/", "http://10.0.0.1/", "http://localhost.attacker.example/", "http://128.0.0.1/"]
)
@pytest.mark.parametrize("name", sorted(map(str.upper, AT_XERO)))
def test_an_address_of_xero_that_others_can_read_along_is_refused(
    fyi_xpm: Shell, installed: Installed, monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    monkeypatch.setenv(name, address)

    assert_refused(fyi_xpm("status"), f"{name}: it must begin with https://, unless it is on this machine")


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/", "http://127.9.9.9/", "http://[::1]:9/", "http://localhost/"]
)
def test_an_address_on_this_machine_needs_no_encryption(
    fyi_xpm: Shell, installed: Installed, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("XERO_XPM_URL", address)

    assert Settings().xero_app().xpm_url == address


def test_an_empty_address_means_xeros_own(
    fyi_xpm: Shell, installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XERO_XPM_URL", "")

    assert Settings().xero_app().xpm_url == "https://api.xero.com/practicemanager/3.1/"


def test_history_cannot_be_kept_for_longer_than_the_calendar_allows(
    fyi_xpm: Shell, installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XPM_HISTORY_DAYS", "1000000")

    assert_refused(fyi_xpm("status"), "XPM_HISTORY_DAYS", "36500")


@pytest.mark.parametrize("arguments", ASKING_PREFECT.values(), ids=ASKING_PREFECT)
def test_no_prefect_is_started_if_none_is_configured(
    fyi_xpm: Shell, installed: Installed, arguments: list[str]
) -> None:
    installed.add_practice()

    assert_refused(fyi_xpm(*arguments), "PREFECT_API_URL", "fyi-xpm prefect-server")


@pytest.mark.parametrize("arguments", ASKING_PREFECT.values(), ids=ASKING_PREFECT)
def test_a_prefect_that_does_not_answer_is_reported_with_its_address(
    fyi_xpm: Shell, installed: Installed, arguments: list[str]
) -> None:
    installed.add_practice()

    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        assert_refused(fyi_xpm(*arguments), "http://127.0.0.1:9/api", "fyi-xpm prefect-server")


@pytest.mark.parametrize("arguments", [["status"], ["worker"], ["prefect-server"], ["console"]], ids=" ".join)
def test_a_file_with_prefects_password_that_others_may_read_is_refused(
    fyi_xpm: Shell, installed: Installed, arguments: list[str]
) -> None:
    password = prefect_access.make(prefect_access.FILE)
    prefect_access.FILE.chmod(0o644)

    said = fyi_xpm(*arguments)

    assert_refused(said, str(prefect_access.FILE), "chmod 600")
    assert password not in said.err


def test_an_existing_practice_is_not_added_again(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()

    assert_refused(fyi_xpm(*READING["practice add"]), SLUG, "already")


def test_an_existing_person_is_not_added_again(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()

    assert_refused(fyi_xpm("user", "add", SLUG, MERE.upper(), "--name", "Mere"), SLUG, "already")


def test_a_bug_keeps_its_traceback(fyi_xpm: Shell, installed: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    installed.add_practice()
    with installed.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE connection SET state = 'levitating'")

    with pytest.raises(ValueError, match="levitating"):
        fyi_xpm("status")


def test_ctrl_c_exits_with_130_and_without_a_traceback(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w+") as log:
        demo = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "demo", "--jobs", "12"],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(Path(__file__).parents[2])},
            cwd=tmp_path,
        )
        deadline = time.monotonic() + 60
        while "Starting sandbox" not in (tmp_path / "log").read_text() and time.monotonic() < deadline:
            time.sleep(0.1)
        demo.send_signal(signal.SIGINT)

        assert demo.wait(60) == 130
        log.seek(0)
        assert "Traceback" not in log.read()
