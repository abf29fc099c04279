"""The endpoints of the small lists: staff, categories, templates and custom-field definitions."""

from __future__ import annotations

from starlette.responses import Response

from sandbox.accounts.table import Table
from sandbox.xpm import views
from sandbox.xpm.call import ReceivedCall
from sandbox.xpm.envelope import error, ok, table_list
from sandbox.xpm.render import View


def staff_list(call: ReceivedCall) -> Response:
    """`staff.api/list`: staff who left are missing; nothing marks who is active."""
    return _all(call, "StaffList", call.account.staff, views.STAFF)


def staff_get(call: ReceivedCall) -> Response:
    """`staff.api/get/{uuid}`."""
    return _one(call, call.account.staff, views.STAFF, "Invalid staff identifier")


def category_list(call: ReceivedCall) -> Response:
    """`category.api/list`: job categories."""
    return _all(call, "Categories", call.account.categories, views.CATEGORY)


def template_list(call: ReceivedCall) -> Response:
    """`template.api/list`: job templates."""
    return _all(call, "Templates", call.account.templates, views.TEMPLATE)


def definition_list(call: ReceivedCall) -> Response:
    """`customfield.api/definition`."""
    return _all(call, "CustomFieldDefinitions", call.account.definitions, views.DEFINITION)


def definition_get(call: ReceivedCall) -> Response:
    """`customfield.api/get/{uuid}`."""
    return _one(call, call.account.definitions, views.DEFINITION, "Invalid custom field identifier")


def _all(call: ReceivedCall, container: str, table: Table[None], view: View) -> Response:
    return table_list(call, container, table, table.positions(), view)


def _one(call: ReceivedCall, table: Table[None], view: View, unknown: str) -> Response:
    position = table.find(call.args[0])
    if position is None:
        return error(call.api_method, unknown)
    return ok(call.api_method, view.write(table.record(position)))
