"""Logging in to the console and out of it.

The issuer's page is reached by a button, never by opening an address: mail scanners and chat previews open addresses.
"""

from datetime import timedelta
from typing import cast

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console import cookies, trail
from console.desk import desk_of, notice, page, text_of
from console.gate import caller_of
from console.throttle import throttle_of
from console.trail import address_of
from xpm.access import login
from xpm.access import session as sessions
from xpm.access.audit import Action
from xpm.access.issuer import Issuers, is_configured, name_of
from xpm.access.login import Entered, LoginRefused
from xpm.access.rights import Caller
from xpm.store import practices
from xpm.words import Message, Stopped, message

LASTS = timedelta(minutes=10)  # from the button to the issuer's answer


async def show(request: Request) -> Response:
    """`GET /login`: the button. It asks nobody, so that it always answers."""
    installation = desk_of(request).integration
    onward = local(request.query_params.get("onward", ""))
    issuer = name_of(installation) if is_configured(installation) else None
    return page("login.html", {"issuer": issuer, "onward": onward})


def begin(request: Request, form: FormData) -> Response:
    """`POST /login`: lead the browser to the issuer, with a cookie that its answer has to match."""
    desk = desk_of(request)
    if refusal := throttle_of(request).stranger(request):
        return refusal
    try:
        issuer = issuers_of(request).current()
    except Stopped as stopped:
        return notice(stopped.message, 503)
    asked = issuer.client.begin()
    pending = cookies.PendingLogin.of(
        asked,
        until=desk.integration.clock() + LASTS,
        onward=local(text_of(form, "onward")),
        added_by=_added_by(request, form),
    )
    answer = led_away(asked.url, issuer.name)
    cookies.set_pending(answer, desk, pending)
    return answer


def finish(request: Request) -> Response:
    """`GET /login/callback`: accept the issuer's answer in the browser that was sent there, once."""
    desk = desk_of(request)
    if refusal := throttle_of(request).stranger(request):
        return refusal
    pending = cookies.pending_in(request)
    if pending is None:
        return _refused(request, message("login.not_trusted", issuer=name_of(desk.integration)))
    adding = _still_adding(request, pending)
    try:
        entered = login.enter(
            desk.integration,
            issuers_of(request).current(),
            request.query_params,
            pending.expected(desk.integration.settings.login_redirect_uri),
            address_of(request),
            added_by=adding,
        )
    except LoginRefused as refused:
        return _refused(request, refused.message, refused.who)
    except Stopped as stopped:
        return _refused(request, stopped.message)
    if adding:
        trail.noted(request, Action.LINK_IDENTITY, resource=issuers_of(request).current().url)
    return _let_through(request, entered, pending.onward)


async def show_link(request: Request) -> Response:
    """`GET /login/link/{token}`: the button. Opening the link changes nothing."""
    return page("login_link.html", {"token": request.path_params["token"]})


def use_link(request: Request, _form: FormData) -> Response:
    """`POST /login/link/{token}`: log in, once."""
    if refusal := throttle_of(request).stranger(request):
        return refusal
    try:
        entered = login.enter_by_link(desk_of(request).integration, request.path_params["token"], address_of(request))
    except LoginRefused as refused:
        return _refused(request, refused.message, refused.who)
    return _let_through(request, entered, "/")


def log_out(request: Request, form: FormData) -> Response:
    """`POST /logout`: end this browser's session, or with `everywhere` all of the person's."""
    desk, caller = desk_of(request), caller_of(request)
    everywhere = text_of(form, "everywhere") != ""
    (sessions.end_everywhere if everywhere else sessions.end)(desk.integration, caller)
    trail.noted(request, Action.LOG_OUT_EVERYWHERE if everywhere else Action.LOGOUT)
    answer = RedirectResponse(cookies.LOGIN_PATH, 303)
    cookies.forget_token(answer, desk)
    return answer


def show_account(request: Request) -> Response:
    """`GET /account`: who is logged in, where they may go, and the buttons to log out."""
    installation, caller = desk_of(request).integration, caller_of(request)
    adds = login.may_add(caller) and is_configured(installation)
    with installation.database.read() as session:
        roles = [(practices.get(session, slug).name, user.is_admin) for slug, user in caller.users.items()]
    return page("account.html", {"issuer": name_of(installation) if adds else None, "roles": roles})


def led_away(url: str, issuer: str) -> Response:
    """Lead the browser to the issuer. A redirect after a form would be refused by our own `form-action` policy, which
    has to name every host that the issuer itself redirects to (CSP Level 3 §6.4.1); a page that leads on is not."""
    return page("led_away.html", {"url": url, "issuer": issuer})


def local(path: str) -> str:
    """Return a path of the console, or the first page for anything that leads elsewhere (ASVS 5.0 3.7.2)."""
    is_local = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if is_local and len(path) <= 1000 else "/"  # noqa: PLR2004 - longer than any of ours


def issuers_of(request: Request) -> Issuers:
    """Return the app's issuer."""
    issuers: Issuers = request.app.state.issuers
    return issuers


def _added_by(request: Request, form: FormData) -> str | None:
    """Return the session that asks to add this way to log in, if it may."""
    caller = cast("Caller | None", request.state.caller)
    return caller.session if caller and text_of(form, "adding") and login.may_add(caller) else None


def _still_adding(request: Request, pending: cookies.PendingLogin) -> Caller | None:
    """Return who began to add this way to log in, if the browser still has that session."""
    caller = cast("Caller | None", request.state.caller)
    return caller if caller and caller.session == pending.added_by else None


def _let_through(request: Request, entered: Entered, onward: str) -> Response:
    """Begin the new session. Whoever was logged in here before is logged out (ASVS 5.0 7.2.4)."""
    desk = desk_of(request)
    if before := request.state.caller:
        sessions.end(desk.integration, before)
    request.state.caller = entered.caller
    trail.noted(request, Action.LOGIN, resource=entered.caller.issuer)
    answer = RedirectResponse(onward, 303)
    cookies.set_token(answer, desk, entered.token)
    cookies.forget_pending(answer, desk)
    return answer


def _refused(request: Request, said: Message, who: str = "") -> Response:
    trail.tried(request, Action.LOGIN, said, named=who)
    answer = notice(said, 403)
    cookies.forget_pending(answer, desk_of(request))
    return answer
