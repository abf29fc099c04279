"""The attacks: what the attacker does, which standard's rule covers it, and how Prefect refuses.

`python -m tests.security.prefect.attacks` rewrites docs/prefect-attacks.md.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import httpx
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.attack_table import written
from tests.security.prefect.scene import POOL, Scene, basic

REPORT = Path(__file__).parents[3] / "docs" / "prefect-attacks.md"
FOREIGN = "attacker.example"
FROM_ELSEWHERE = {"Origin": f"https://{FOREIGN}"}
SOMETHING = {"name": "planted-by-the-attacker", "value": "anything"}

NO_PASSWORD = "401 Unauthorized"
NO_TOKEN = "403 Missing CSRF token."
BAD_TOKEN = "403 Invalid CSRF token or client identifier."
NO_PAGE = "the browser: TypeError: Failed to fetch"
NOT_OUR_ORIGIN = "400 Disallowed CORS origin"
NO_SOCKET = "403, before the connection"
CLOSED_SOCKET = "1008, before the first message"

SOCKETS = (
    "/events/in",
    "/events/out",
    "/logs/out",
    "/task_runs/subscriptions/scheduled",
    f"/work_pools/{POOL}/workers/connect",
)


@dataclass(frozen=True)
class Attack:
    """One attack; `carry_out` returns what the attacker got, in the words of `refused` if it failed."""

    name: str
    how: str
    reference: str
    refused: str
    carry_out: Callable[[Scene], str]


def _page(scene: Scene) -> str:
    return f"the browser: {scene.page()}"


def _said(answer: httpx.Response) -> str:
    try:
        body = answer.json()
        said = body.get("detail") or body.get("exception_message")
    except (ValueError, AttributeError):
        said = answer.text
    return f"{answer.status_code} {said}"


def _get(path: str, **headers: str) -> Callable[[Scene], str]:
    return lambda scene: _said(scene.ask("GET", path, headers=headers))


def _post(path: str, body: Mapping[str, object], **headers: str) -> Callable[[Scene], str]:
    return lambda scene: _said(scene.ask("POST", path, json=body, headers=headers))


def _deployment(scene: Scene) -> str:
    """Every step of a takeover, without a browser; each has to be refused by itself."""
    wanted = [(path.replace("{id}", str(uuid4())), body) for path, body in scene.takeover()]
    return " and ".join(sorted({_said(scene.ask("POST", path, json=body)) for path, body in wanted}))


def _plain_text(scene: Scene) -> str:
    """A request that a page may send without asking first (Fetch §2.2.2, CORS-safelisted)."""
    headers = {**FROM_ELSEWHERE, "Content-Type": "text/plain"}
    return _said(scene.ask("POST", "/variables/", content=json.dumps(SOMETHING), headers=headers))


def _preflight(scene: Scene) -> str:
    asked = {
        **FROM_ELSEWHERE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = scene.ask("OPTIONS", "/deployments/", headers=asked)
    assert "Access-Control-Allow-Origin" not in answer.headers
    return f"{answer.status_code} {answer.text}"


def _readable_elsewhere(scene: Scene) -> str:
    answer = scene.ask("GET", "/admin/settings", headers=FROM_ELSEWHERE)
    assert "Access-Control-Allow-Origin" not in answer.headers
    return _said(answer)


def _without_token(scene: Scene) -> str:
    return _said(scene.ask("POST", "/variables/", json=SOMETHING, signed=True))


def _made_up_token(scene: Scene) -> str:
    headers = {"Prefect-Csrf-Client": "made-up", "Prefect-Csrf-Token": "0" * 64}
    return _said(scene.ask("POST", "/variables/", json=SOMETHING, headers=headers, signed=True))


def _token_of_another(scene: Scene) -> str:
    headers = {**scene.csrf("an-operator"), "Prefect-Csrf-Client": "the-attacker"}
    return _said(scene.ask("POST", "/variables/", json=SOMETHING, headers=headers, signed=True))


def _token_alone(scene: Scene) -> str:
    """A stolen CSRF token is no password."""
    return _said(scene.ask("POST", "/variables/", json=SOMETHING, headers=scene.csrf("an-operator")))


def _bearer(scene: Scene) -> str:
    return _said(scene.ask("GET", "/admin/settings", headers={"Authorization": f"Bearer {scene.password}"}))


def _password_in_address(scene: Scene) -> str:
    return _said(scene.ask("GET", "/admin/settings", params={"auth": str(scene.password)}))


def _half_a_password(scene: Scene) -> str:
    return _said(scene.ask("GET", "/admin/settings", headers=basic(str(scene.password)[:-1])))


def _sockets(token: str | None) -> Callable[[Scene], str]:
    """Open every WebSocket: in the old way, without a word, or with a token of the attacker's."""

    def carry_out(scene: Scene) -> str:
        return " and ".join(sorted({_socket(_address(scene, path), token) for path in SOCKETS}))

    return carry_out


def _address(scene: Scene, path: str) -> str:
    parts = urlsplit(scene.api)
    return urlunsplit(parts._replace(scheme="ws", path=f"{parts.path}{path}"))


def _socket(address: str, token: str | None) -> str:
    spoken = None if token is None else [Subprotocol("prefect")]
    try:
        with connect(address, subprotocols=spoken, origin=Origin(FROM_ELSEWHERE["Origin"]), open_timeout=20) as socket:
            socket.send(json.dumps({"type": "auth", "token": token}))
            return f"answered: {socket.recv(timeout=20)!r}"
    except InvalidStatus as refused:
        return f"{refused.response.status_code}, before the connection"
    except ConnectionClosed as closed:
        return f"{closed.rcvd.code if closed.rcvd else 'closed'}, before the first message"


ATTACKS = (
    Attack(
        "Page of another website",
        "a page that is open in a browser on this machine (a real Chromium): it deploys a shell command and runs it",
        "ASVS 3.4.2, 3.5.1 · Fetch §4.8",
        NO_PAGE,
        _page,
    ),
    Attack(
        "Shell command without a password",
        "a flow, a deployment whose preparation is a shell command, and its run, each asked for over the network",
        "ASVS 8.2.1, 13.2.1",
        NO_TOKEN,
        _deployment,
    ),
    Attack(
        "Request that needs no preflight",
        "a page's plain-text request, which a browser sends without asking first",
        "ASVS 3.5.2 · Fetch §2.2.2",
        NO_TOKEN,
        _plain_text,
    ),
    Attack(
        "Preflight of another website",
        "the question that a browser asks before a page's request",
        "ASVS 3.4.2 · Fetch §4.8",
        NOT_OUR_ORIGIN,
        _preflight,
    ),
    Attack(
        "Answer for another website",
        "a page's request for the settings, and the permission to read the answer",
        "ASVS 3.4.2, 8.2.1 · Fetch §4.10",
        NO_PASSWORD,
        _readable_elsewhere,
    ),
    Attack(
        "DNS rebinding, reading",
        "the attacker's name made to lead to this machine, so that the page and Prefect have one origin",
        "ASVS 8.2.1, 13.2.1 · RFC 9110 §7.2",
        NO_PASSWORD,
        _get("/admin/settings", Host=FOREIGN, Origin=f"http://{FOREIGN}"),
    ),
    Attack(
        "DNS rebinding, writing",
        "the same, to store something",
        "ASVS 8.2.1, 13.2.1 · RFC 9110 §7.2",
        NO_TOKEN,
        _post("/variables/", SOMETHING, Host=FOREIGN, Origin=f"http://{FOREIGN}"),
    ),
    Attack(
        "Host that looks like the health check's path",
        "a Host header that makes the address end in /health, which needs no password",
        "ASVS 8.3.1 · RFC 9110 §7.2",
        NO_PASSWORD,
        _get("/admin/settings", Host=f"{FOREIGN}/api/health?"),
    ),
    Attack(
        "Path that looks like the health check's",
        "a variable called health",
        "ASVS 8.3.1",
        NO_PASSWORD,
        _get("/variables/name/health"),
    ),
    Attack("Settings", "the server's settings", "ASVS 8.2.1, 13.4.2", NO_PASSWORD, _get("/admin/settings")),
    Attack(
        "Blocks with their secrets",
        "all blocks in clear, as Prefect's API gives them to those who ask",
        "ASVS 8.2.2, 13.3.2",
        NO_TOKEN,
        _post("/block_documents/filter", {"include_secrets": True}),
    ),
    Attack("Variable", "a variable by its name", "ASVS 8.2.2", NO_PASSWORD, _get("/variables/name/anything")),
    Attack(
        "Answer in an administrator's name",
        "the answer to a run that waits for the account's name",
        "ASVS 8.2.1",
        NO_TOKEN,
        _post(f"/flow_runs/{uuid4()}/resume", {"run_input": {"account_name": "Harbour & Vale"}}),
    ),
    Attack(
        "Pretended worker",
        "the runs that wait for a worker, with their parameters",
        "ASVS 8.2.1, 13.2.1",
        NO_TOKEN,
        _post(f"/work_pools/{POOL}/get_scheduled_flow_runs", {}),
    ),
    Attack(
        "CSRF token", "a CSRF token, without the password", "ASVS 3.5.1", NO_PASSWORD, _get("/csrf-token?client=mine")
    ),
    Attack("Password alone", "the right password without a CSRF token", "ASVS 3.5.1", NO_TOKEN, _without_token),
    Attack("Made-up CSRF token", "the right password and a made-up token", "ASVS 3.5.1", BAD_TOKEN, _made_up_token),
    Attack(
        "CSRF token of another",
        "the right password and another client's token",
        "ASVS 3.5.1",
        BAD_TOKEN,
        _token_of_another,
    ),
    Attack(
        "CSRF token alone", "an operator's CSRF token without the password", "ASVS 8.2.1", NO_PASSWORD, _token_alone
    ),
    Attack(
        "Default password",
        "admin:pass, which Prefect's pages suggest",
        "ASVS 13.2.3",
        NO_PASSWORD,
        _get("/admin/settings", **basic("admin:pass")),
    ),
    Attack(
        "Part of the password", "the password but for its last character", "ASVS 13.2.1", NO_PASSWORD, _half_a_password
    ),
    Attack(
        "Password as a token", "the password in another scheme", "ASVS 13.2.1 · RFC 9110 §11.1", NO_PASSWORD, _bearer
    ),
    Attack("Password in the address", "the password in the query", "ASVS 14.2.1", NO_PASSWORD, _password_in_address),
    Attack(
        "WebSockets as of old",
        "every WebSocket, as old clients open it: without authentication",
        "ASVS 4.4.3, 13.2.1",
        NO_SOCKET,
        _sockets(None),
    ),
    Attack(
        "WebSockets without a password",
        "every WebSocket, with an empty token",
        "ASVS 4.4.3",
        CLOSED_SOCKET,
        _sockets(""),
    ),
    Attack(
        "WebSockets with another password",
        "every WebSocket, with a made-up token",
        "ASVS 4.4.3",
        CLOSED_SOCKET,
        _sockets("admin:pass"),
    ),
)


def report() -> str:
    """Write the table of attacks, in Markdown."""
    return written(
        "Attacks on Prefect",
        [
            "`tests/security/prefect` carries out each attack on the server that `fyi-xpm prefect-server` starts,",
            "while a worker waits for runs. Each is refused, and everything in Prefect is the same before and after.",
            "The first attack is also carried out on a server that `prefect server start` starts, where it succeeds.",
            "ASVS is OWASP's Application Security Verification Standard 5.0; Fetch is the WHATWG's standard.",
        ],
        ["Attack", "The attacker asks for or brings", "Item", "Refused with"],
        [(one.name, one.how, one.reference, one.refused) for one in ATTACKS],
        [
            "A further test sends every request that Prefect's API describes, without the password. Only `/api/health`",
            "and `/api/ready` answer. [prefect-access.md](prefect-access.md) says what else stays open, and what the",
            "password opens.",
        ],
    )


if __name__ == "__main__":
    REPORT.write_text(report(), encoding="utf-8")
