"""The endpoints of `client.api` and `clientgroup.api`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.responses import Response

from sandbox.generator.record import Record
from sandbox.xpm import views
from sandbox.xpm.call import BadParameter, ReceivedCall
from sandbox.xpm.envelope import error, listing, ok, table_list
from sandbox.xpm.refusals import NO_CLIENT
from sandbox.xpm.render import escape


def client_list(call: ReceivedCall) -> Response:
    """`list`: all clients in one answer, including archived and deleted ones. It ignores `page` and `pagesize`."""
    since = call.modified_since()
    table = call.account.clients
    positions = table.positions(None if since is None else lambda outline: outline.modified >= since)
    view = views.CLIENT_DETAILED if call.detailed else views.CLIENT
    return table_list(call, "Clients", table, positions, view)


def client_paged_list(call: ReceivedCall) -> Response:
    """`paged-list`: without archived and deleted clients, contacts and details. The last page has no `Next`."""
    table = call.account.clients
    positions = table.positions(lambda outline: outline.listed)
    page, tail = _page(call, positions)
    return table_list(call, "Clients", table, page, views.CLIENT_PAGED, tail=tail)


def client_get(call: ReceivedCall) -> Response:
    """`get/{uuid}`: always detailed."""
    position = call.account.clients.find(call.args[0])
    if position is None:
        return error(call.api_method, NO_CLIENT)
    return ok(call.api_method, views.CLIENT_GOT.write(call.account.clients.record(position)))


def client_values(call: ReceivedCall) -> Response:
    """`get/{uuid}/customfield`: the client's custom fields that have a value."""
    position = call.account.clients.find(call.args[0])
    if position is None:
        return error(call.api_method, NO_CLIENT)
    return values_list(call, call.account.values("client", position))


def values_list(call: ReceivedCall, values: Sequence[Record]) -> Response:
    """Answer with the custom-field values of one record."""
    pieces = [views.VALUE.write(value) for value in values]
    return listing(call, "CustomFields", pieces, views.VALUE, values.__getitem__)


def contact_list(call: ReceivedCall) -> Response:
    """`contacts`: each contact once, even if clients share it, without deleted ones."""
    contacts = call.account.contacts()
    page, tail = _page(call, range(len(contacts)))
    shown = [contacts[place] for place in page]
    pieces = [views.CONTACT.write(contact) for contact in shown]
    return listing(call, "Contacts", pieces, views.CONTACT, shown.__getitem__, tail=tail)


def group_list(call: ReceivedCall) -> Response:
    """`clientgroup.api/list`."""
    table = call.account.groups
    return table_list(call, "Groups", table, table.positions(), views.GROUP)


def group_get(call: ReceivedCall) -> Response:
    """`clientgroup.api/get/{uuid}`: a group and its members."""
    position = call.account.groups.find(call.args[0])
    if position is None:
        return error(call.api_method, "Invalid client group identifier")
    group = call.account.groups.record(position)
    return ok(call.api_method, views.GROUP.write(group | {"Clients": call.account.group_members(group["UUID"])}))


def _page(call: ReceivedCall, places: Sequence[int]) -> tuple[list[int], bytes]:
    """Return the places on one page, and the `Pagination` element that follows them.

    A page token holds the last place shown, so edits between two pages do not shift the next page.
    """
    size, after = call.page_size(), _read_token(call.query.get("pagetoken"))
    rest = [place for place in places if place > after]
    page = rest[:size]
    links = f"<First>{escape(_page_url(call, size, None))}</First>"
    if len(rest) > size:
        links += f"<Next>{escape(_page_url(call, size, page[-1]))}</Next>"
    return page, f"<Pagination><Links>{links}</Links></Pagination>".encode()


def _page_url(call: ReceivedCall, size: int, last: int | None) -> str:
    query: dict[str, str | int] = {"pageSize": size}
    if last is not None:
        query["pageToken"] = base64.urlsafe_b64encode(f"after {last}".encode()).decode()
    return f"{call.url}?{urlencode(query)}"


def _read_token(token: str | None) -> int:
    if not token:
        return -1
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("after "))
    except (binascii.Error, ValueError) as problem:
        raise BadParameter("The 'pageToken' parameter is not valid") from problem
