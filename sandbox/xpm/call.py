"""One XPM call: its account, path arguments, parsed query parameters and body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sandbox.accounts.account import Account
from sandbox.faults import Fault
from sandbox.journal import WriteJournal


class BadParameter(ValueError):
    """A parameter is wrong. XPM answers 400 with this message."""


@dataclass(frozen=True)
class ReceivedCall:
    """What an endpoint needs to answer a call."""

    account: Account
    api_method: str
    args: tuple[str, ...]
    query: Mapping[str, str]
    """By lower-case name: ASP.NET ignores the case of names."""
    url: str
    """The absolute URL without its query."""
    fault: Fault | None
    verb: str
    path: str
    """The path below XPM's base."""
    journal: WriteJournal
    body: bytes = b""

    @property
    def detailed(self) -> bool:
        """Whether the call has `detailed=true`."""
        return self.query.get("detailed", "").lower() == "true"

    def day(self, name: str) -> date:
        """Return a required `YYYYMMDD` parameter.

        Raises:
            BadParameter: it is missing or not a date.
        """
        written = self.query.get(name, "")
        if not written:
            raise BadParameter(f"The '{name}' parameter is required")
        try:
            return datetime.strptime(written, "%Y%m%d").replace(tzinfo=UTC).date()
        except ValueError as problem:
            raise BadParameter(f"The '{name}' parameter is not a valid date") from problem

    def modified_since(self) -> datetime | None:
        """Return `modifiedsince` as aware UTC; on the wire it is naive UTC.

        Raises:
            BadParameter: it is not a date and time.
        """
        written = self.query.get("modifiedsince")
        if written is None:
            return None
        try:
            moment = datetime.fromisoformat(written)
        except ValueError as problem:
            raise BadParameter("The 'modifiedsince' parameter is not a valid date") from problem
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

    def page_size(self) -> int:
        """Return `pageSize`: 1 to 500, by default 50.

        Raises:
            BadParameter: it is not a number in that range.
        """
        written = self.query.get("pagesize", "50")
        if not written.isdigit() or not 1 <= int(written) <= 500:  # noqa: PLR2004 - Xero's bounds
            raise BadParameter("The 'pageSize' parameter must be between 1 and 500")
        return int(written)
