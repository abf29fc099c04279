"""The tenants that one person has connected to the app, over all consents (`/connections`)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.functional_validators import BeforeValidator

from xpm.xero.app import XeroApp
from xpm.xero.clock import Clock, utc_now
from xpm.xero.errors import UnreadableAnswer
from xpm.xero.http.answers import error_of, transport_error
from xpm.xero.models.scalars import Key, Text

_LABEL = "connections"
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)  # seconds


def _utc(value: object) -> object:
    """Read `2019-12-07T18:46:19.5165400` as UTC, though it names no zone; the seventh decimal is dropped."""
    if not isinstance(value, str):
        return value
    moment = datetime.fromisoformat(value)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:  # at the first or last hour that Python knows
        raise ValueError("no moment in UTC") from None


Moment = Annotated[datetime, BeforeValidator(_utc)]
"""An aware UTC datetime, read from Xero's naive one."""


class Tenant(BaseModel):
    """One connection. `id` is the connection's, for `remove`; `tenant_id` goes into the header of API calls."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    id: Key
    tenant_id: Key = Field(alias="tenantId")
    tenant_type: str = Field(alias="tenantType")  # PRACTICEMANAGER, ORGANISATION, PRACTICE …
    auth_event_id: Text | None = Field(None, alias="authEventId")
    tenant_name: Text | None = Field(None, alias="tenantName")
    created: Moment | None = Field(None, alias="createdDateUtc")
    updated: Moment | None = Field(None, alias="updatedDateUtc")  # changes with each new consent

    @property
    def is_practice_manager(self) -> bool:
        """Whether this is an XPM account, not a ledger or a Xero HQ practice."""
        return self.tenant_type.upper() == "PRACTICEMANAGER"


_TENANTS = TypeAdapter(tuple[Tenant, ...])


class ConnectionsApi:
    """Lists and removes connections. `http` must have an `XeroAuth`. Xero's Identity API takes no tenant header."""

    def __init__(self, http: httpx.Client, app: XeroApp, clock: Clock = utc_now) -> None:
        self._http = http
        self._url = app.connections_url
        self._clock = clock

    def all(self) -> tuple[Tenant, ...]:
        """Return everything the person has connected and not disconnected. An empty list is a valid answer."""
        return self._list()

    def accounts(self) -> tuple[Tenant, ...]:
        """Return the XPM accounts among everything that the person has connected."""
        return tuple(tenant for tenant in self.all() if tenant.is_practice_manager)

    def remove(self, connection_id: str) -> bool:
        """Remove one connection. Returns False if it is already gone, so a repeat is harmless."""
        response = self._send("DELETE", f"{self._url}/{quote(connection_id, safe='')}")
        if response.status_code not in (HTTPStatus.NO_CONTENT, HTTPStatus.OK, HTTPStatus.NOT_FOUND):
            raise error_of(response, _LABEL, self._clock)
        return response.status_code != HTTPStatus.NOT_FOUND

    def _list(self) -> tuple[Tenant, ...]:
        response = self._send("GET", self._url)
        if response.status_code != HTTPStatus.OK:
            raise error_of(response, _LABEL, self._clock)
        try:
            return _TENANTS.validate_json(response.content)
        except ValidationError:
            message = "Xero's list of connections cannot be read."
            raise UnreadableAnswer(message, endpoint=_LABEL, status=response.status_code) from None

    def _send(self, method: str, url: str) -> httpx.Response:
        headers = {"Accept": "application/json"}
        try:
            return self._http.request(method, url, headers=headers, timeout=_TIMEOUT)
        except httpx.RequestError as error:
            raise transport_error(error, _LABEL) from None


def newly_named(accounts: Sequence[Tenant], authentication_event_id: str | None) -> tuple[Tenant, ...]:
    """Return the accounts that Xero marks as connected in one consent; without its id, those of the newest mark.

    A hint: a connection that is renewed may keep the id of its first consent, and one that Xero carried over has none
    (XeroAPI/xero-php-oauth2#18, Xero-NetStandard#229). So an account that is not named may belong to the consent, too.
    """
    if authentication_event_id is None:
        newest = max(accounts, key=_updated, default=None)
        return tuple(account for account in accounts if newest is not None and _same_consent(account, newest))
    return tuple(account for account in accounts if account.auth_event_id == authentication_event_id)


def _updated(tenant: Tenant) -> datetime:
    return tenant.updated or tenant.created or datetime.min.replace(tzinfo=UTC)


def _same_consent(tenant: Tenant, newest: Tenant) -> bool:
    if newest.auth_event_id is not None:
        return tenant.auth_event_id == newest.auth_event_id
    return tenant.id == newest.id
