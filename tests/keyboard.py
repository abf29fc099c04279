"""A person at a keyboard in front of a real Chromium, driven over the Chrome DevTools Protocol."""

import itertools
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import connect  # it comes with Prefect
from websockets.sync.connection import Connection

from tests.chromium import OPTIONS, PATIENCE, program

FOCUSED = "(document.activeElement.innerText || document.activeElement.name || document.activeElement.tagName).trim()"
LIMIT = 60.0  # seconds in which a page must become what a test waits for


class Keyboard:
    """One tab of the browser: opens pages, presses keys and looks."""

    def __init__(self, tab: Connection) -> None:
        self._tab = tab
        self._ids = itertools.count(1)
        self._do("Page.enable")

    def has_cookie(self, url: str, name: str, value: str) -> None:
        """Give the browser a cookie."""
        self._do("Network.setCookie", url=url, name=name, value=value)

    def without_scripts(self) -> None:
        """Switch the pages' own scripts off."""
        self._do("Emulation.setScriptExecutionDisabled", value=True)

    def open(self, url: str) -> None:
        """Open a page and wait until it is there."""
        self._do("Page.navigate", url=url)
        self.until(lambda: self.look("document.readyState") == "complete" and self.look("location.href") == url)

    def press(self, key: str) -> str:
        """Press a key; return what is focused then."""
        text = {"Enter": "\r"}.get(key, "")
        code = {"Enter": 13, "Tab": 9}[key]
        pressed = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self._do("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **pressed)
        self._do("Input.dispatchKeyEvent", type="keyUp", **pressed)
        return self.focused()

    def focused(self) -> str:
        """Say what is focused, by its text or name."""
        return str(self.look(FOCUSED))

    def look(self, expression: str) -> Any:  # noqa: ANN401 - whatever the expression gives
        """Evaluate an expression in the page."""
        found = self._do("Runtime.evaluate", expression=expression, returnByValue=True)
        return found["result"].get("value")

    def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until `is_so` returns true."""
        deadline = time.monotonic() + LIMIT
        while not is_so():
            assert time.monotonic() < deadline, self.look("document.body && document.body.innerText")
            time.sleep(0.05)

    def _do(self, method: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        number = next(self._ids)
        self._tab.send(json.dumps({"id": number, "method": method, "params": given}))
        while True:
            said = json.loads(self._tab.recv(timeout=PATIENCE))
            if said.get("id") == number:
                assert "error" not in said, said
                return dict(said["result"])


@contextmanager
def keyboard() -> Iterator[Keyboard]:
    """Start a browser without a window and sit down in front of it."""
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        command = [program(), *OPTIONS, f"--user-data-dir={profile}", "--remote-debugging-port=0", "about:blank"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:  # noqa: S603 - a browser that we looked for
            try:
                port = _port_of(Path(profile))
                pages = httpx.get(f"http://127.0.0.1:{port}/json/list", trust_env=False).json()
                address = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
                with connect(address, proxy=None, max_size=None) as tab:
                    yield Keyboard(tab)
            finally:
                browser.terminate()


def _port_of(profile: Path) -> int:
    """Wait until the browser says on which port it listens."""
    said, deadline = profile / "DevToolsActivePort", time.monotonic() + LIMIT
    while not (said.exists() and said.read_text("utf-8").count("\n")):
        assert time.monotonic() < deadline, "Chromium did not start."
        time.sleep(0.05)
    return int(said.read_text("utf-8").splitlines()[0])
