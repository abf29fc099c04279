"""Sends the browser to Xero and receives the answer (OAuth 2.0, RFC 6749 §4.1), then wakes the waiting run.

Opening the link changes nothing; its button does. No other website sees the address of either page as a referrer, and
an accepted answer is a redirect, which appears in no history. The callback's query, which holds code and state, is
never logged.
"""

import logging
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from pydantic import SecretStr
from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from console import trail
from console.cookies import is_https
from console.desk import Desk, desk_of, notice, page
from console.gate import practice_named_by
from console.login import led_away
from console.runs import NotWaiting, Runs, RunsUnavailable, UnknownFlowRun
from console.throttle import throttle_of
from xpm.access.audit import Action
from xpm.consent import callback
from xpm.consent.callback import LinkOver, LinkUnknown, LoginStart, Received
from xpm.store.vocabulary import AttemptOutcome
from xpm.words import Stopped

CALLBACK_PATH = "/oauth/callback"
STATUS_OF: Mapping[type[Stopped], int] = {LinkUnknown: 404, LinkOver: 410}
ANSWERED = frozenset({AttemptOutcome.GRANTED, AttemptOutcome.DECLINED})
WAKE_TRIES, WAKE_EVERY = 10, 0.5  # seconds; a run stores its pause just before the form that a wake-up needs

log = logging.getLogger(__name__)


def show(request: Request) -> Response:
    """`GET /connect/{attempt}`: the button that leads to Xero, or why there is none any more."""
    try:
        callback.require_open(desk_of(request).integration, str(request.path_params["attempt"]))
    except LinkOver as over:
        return notice(over.message, STATUS_OF[LinkOver], run=over.run)
    return page("connect.html", {"attempt": request.path_params["attempt"]})


def connect(request: Request, _form: FormData) -> Response:
    """`POST /connect/{attempt}`: lead the browser to Xero, with a cookie that ties the answer to it.

    RFC 6749 §10.12 asks for such a tie.
    """
    desk, practice = desk_of(request), practice_named_by(request)
    try:
        out = callback.start_login(desk.integration, str(request.path_params["attempt"]))
    except Stopped as stopped:
        trail.tried(request, Action.OPEN_CONNECT_LINK, stopped.message, practice=practice)
        run = stopped.run if isinstance(stopped, LinkOver) else None
        return notice(stopped.message, STATUS_OF.get(type(stopped), 400), run=run)
    trail.noted(request, Action.OPEN_CONNECT_LINK, practice=practice, resource=f"run {out.flow_run_id}")
    answer = led_away(out.url.get_secret_value(), "Xero")
    _set_cookie(answer, desk, out)
    return answer


def receive(request: Request) -> Response:
    """`GET /oauth/callback`: accept Xero's answer, delete the cookie, wake the run, leave the address with the code."""
    desk = desk_of(request)
    if refusal := throttle_of(request).stranger(request):
        return refusal
    cookie = _cookie_name(desk, request.query_params.get("state", ""))
    received = callback.receive(desk.integration, request.query_params, request.cookies.get(cookie, ""))
    if received.outcome is AttemptOutcome.GRANTED:
        trail.noted(request, Action.GIVE_CONSENT, practice=received.practice, resource=f"run {received.flow_run_id}")
    else:
        trail.tried(request, Action.GIVE_CONSENT, received.message, practice=received.practice)
    answer = _shown(received)
    answer.delete_cookie(cookie, CALLBACK_PATH, secure=is_https(desk), httponly=True, samesite="lax")
    if received.flow_run_id and received.outcome not in (None, AttemptOutcome.WAITING):
        answer.background = BackgroundTask(wake, desk.runs, UUID(received.flow_run_id), request.app.state.sleep)
    return answer


def wake(runs: Runs, run_id: UUID, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Resume the run so that it looks for the answer; return whether it was resumed.

    A failure is only logged: the run's page also wakes it, anybody can press Resume in Prefect, and a run that is not
    paused yet finds the answer by itself.
    """
    patience = Retrying(
        retry=retry_if_exception_type(NotWaiting),
        stop=stop_after_attempt(WAKE_TRIES),
        wait=wait_fixed(WAKE_EVERY),
        sleep=sleep,
        reraise=True,
    )
    try:
        patience(runs.wake, run_id)
    except NotWaiting:
        log.info("Run %s no longer waits for the answer, or is not paused yet.", run_id)
        return False
    except (RunsUnavailable, UnknownFlowRun) as error:
        log.warning("Run %s could not be woken: %s. Resume it in Prefect.", run_id, type(error).__name__)
        return False
    return True


def _shown(received: Received) -> Response:
    run = received.flow_run_id
    if run and received.outcome in ANSWERED:
        return RedirectResponse(f"/runs/{run}", 303)
    return notice(received.message, 400, run=run)


def _set_cookie(answer: Response, desk: Desk, out: LoginStart) -> None:
    seconds = max(0, int((out.until - desk.integration.clock()).total_seconds()))
    answer.set_cookie(
        _cookie_name(desk, _state_in(out.url)),
        out.browser.get_secret_value(),
        max_age=seconds,
        path=CALLBACK_PATH,
        secure=is_https(desk),
        httponly=True,
        samesite="lax",  # the answer is a navigation from Xero's site, on which a "strict" cookie is not sent
    )


def _cookie_name(desk: Desk, state: str) -> str:
    """Name one cookie per login, so that two practices can be reconnected in two tabs.

    With the prefix, a browser accepts the cookie only over HTTPS; `__Host-` does not allow a path (RFC 6265bis §4.1.3).
    """
    prefix = "__Secure-" if is_https(desk) else ""
    return f"{prefix}xpm-browser-{sha256(state.encode()).hexdigest()[:16]}"


def _state_in(url: SecretStr) -> str:
    return parse_qs(urlsplit(url.get_secret_value()).query)["state"][0]
