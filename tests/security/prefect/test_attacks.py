"""As `fyi-xpm` starts it, Prefect refuses every attack and nothing changes; as Prefect starts it, one succeeds."""

import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import pytest

from cli.environments import of_any_program
from cli.strangers import answered
from tests.databases import SqliteFiles
from tests.prefect_server import FYI_XPM
from tests.security.prefect.attacks import ATTACKS, REPORT, Attack, report
from tests.security.prefect.scene import PATIENCE, Scene, as_environment, scene
from xpm.store.consent.vault import Vault

pytestmark = [pytest.mark.deep, pytest.mark.xdist_group("closed-prefect"), pytest.mark.timeout(300)]

AS_PREFECT_STARTS_IT = ("-m", "prefect", "server", "start")
OPEN = {("GET", "/health"), ("GET", "/ready")}
NOT_FOR_A_RUN = {"XPM_SECRET_OF_ANOTHER_PROGRAM": "secret", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture(scope="session")
def installation(sqlite_files: SqliteFiles) -> Iterator[Mapping[str, str]]:
    """What an operator's environment holds: an installation, and secrets that are no business of Prefect's."""
    with sqlite_files.empty() as database:
        yield {
            "XPM_DATABASE_URL": database.url.render_as_string(hide_password=False),
            "XPM_ENCRYPTION_KEYS": Vault.new_key(),
            "XERO_CLIENT_SECRET": "secret",
            **NOT_FOR_A_RUN,
        }


@pytest.fixture(scope="session")
def closed(installation: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Prefect and a worker, as `fyi-xpm` starts them."""
    with scene(tmp_path_factory.mktemp("closed"), FYI_XPM, **installation) as found:
        yield found


@pytest.fixture
def wide_open(installation: Mapping[str, str], tmp_path: Path) -> Iterator[Scene]:
    """Prefect as its own documentation starts it, and a worker."""
    with scene(tmp_path, AS_PREFECT_STARTS_IT, PREFECT_SERVER_ANALYTICS_ENABLED="false", **installation) as found:
        yield found


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_the_attack_is_refused_and_nothing_is_changed(closed: Scene, attack: Attack) -> None:
    before = closed.kept()
    assert before["pool"]

    assert attack.carry_out(closed) == attack.refused

    assert closed.kept() == before


def test_the_same_page_takes_over_a_prefect_that_is_open(wide_open: Scene) -> None:
    """Otherwise the page might be refused only because of how it attacks."""
    assert wide_open.page() == "taken over"

    carried_away = _carried_away(wide_open)
    assert "XPM_ENCRYPTION_KEYS" in carried_away
    assert not carried_away.keys() & NOT_FOR_A_RUN.keys()
    (everybody, pages) = [one.text for one in answered(wide_open.api)]
    assert "to anybody who asks; under another host name (DNS rebinding); to a page of another website" in everybody
    assert "lets pages of any website use it" in pages


def test_doctor_finds_nothing_to_say_about_a_closed_prefect(closed: Scene) -> None:
    assert list(answered(closed.api)) == []


def test_no_request_of_the_api_is_answered_without_the_password_but_health_and_ready(closed: Scene) -> None:
    described = closed.ask("GET", "/openapi.json", signed=True).raise_for_status().json()["paths"]
    requests = {(method.upper(), path) for path, methods in described.items() for method in methods}
    assert len(requests) > 150

    answered_to = {
        (method, path)
        for method, path in requests
        if closed.ask(method, re.sub(r"\{\w+\}", str(uuid4()), path)).status_code not in {401, 403}
    }

    assert answered_to == OPEN


def test_a_request_with_password_and_token_is_answered(closed: Scene) -> None:
    """Otherwise the attacks might be refused because everything is."""
    made = closed.ask(
        "POST", "/variables/", json={"name": "mine", "value": 1}, headers=closed.csrf("mine"), signed=True
    )
    assert made.status_code == httpx.codes.CREATED

    removed = closed.ask("DELETE", "/variables/name/mine", headers=closed.csrf("mine"), signed=True)
    assert removed.status_code == httpx.codes.NO_CONTENT


def test_what_the_pages_tell_everybody_holds_no_secret_and_telemetry_is_off(closed: Scene) -> None:
    root = closed.api.removesuffix("/api")
    told = httpx.get(f"{root}/ui-settings").json()

    assert (told["auth"], told["csrf_enabled"], told["default_ui"]) == ("BASIC", True, "v1")
    assert str(closed.password).partition(":")[2] not in str(told)
    settings = closed.ask("GET", "/admin/settings", signed=True).json()["server"]
    assert settings["analytics_enabled"] is False
    assert settings["ui"]["show_promotional_content"] is False
    assert settings["api"]["cors_allowed_origins"] == root


def test_the_programs_see_only_what_they_need_and_no_log_has_the_password(closed: Scene) -> None:
    started = {
        _module(process): process for process in psutil.Process().children() if closed.loot.parent == _folder(process)
    }
    server, worker = (as_environment(_environ(started[name])) for name in ("server", "worker"))

    def without_prefects(environment: Mapping[str, str]) -> set[str]:
        own = {name for name in environment if not name.startswith("PREFECT_")}
        return own - of_any_program(environment).keys()

    assert without_prefects(server) == set()
    needed = {"XPM_DATABASE_URL", "XPM_ENCRYPTION_KEYS", "XPM_DRY_RUNS", "XERO_CLIENT_SECRET"}
    assert without_prefects(worker) == needed
    assert not [name for name in worker if name.startswith("PREFECT_SERVER_")]
    logs = [file.read_text() for file in closed.loot.parent.glob("*.log")]
    assert len(logs) == 2
    assert not [log for log in logs if str(closed.password).partition(":")[2] in log]


def _carried_away(scene: Scene) -> Mapping[str, str]:
    """What the attacker's command wrote into the file, as soon as the worker has carried it out."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if scene.loot.exists() and (found := as_environment(scene.loot.read_bytes())):
            return found
        time.sleep(0.2)
    raise AssertionError("the worker carried nothing out")


def _module(process: psutil.Process) -> str:
    """The part of Prefect that a process runs."""
    return next(iter(part for part in process.cmdline() if part in {"server", "worker"}), "")


def _folder(process: psutil.Process) -> Path:
    return Path(process.cwd())


def _environ(process: psutil.Process) -> bytes:
    return Path(f"/proc/{process.pid}/environ").read_bytes()


def test_the_table_in_docs_lists_these_attacks() -> None:
    assert REPORT.read_text(encoding="utf-8") == report()
