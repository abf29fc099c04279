"""One call of XPM: the practice it is for, its arguments, and the parameters with their letter case removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sandbox.accounts.account import Account
from sandbox.faults import Fault


class BadParameter(ValueError):
    """A parameter that XPM answers with HTTP 400; the text is what it says."""


@dataclass(frozen=True)
class Call:
    """What an end-point needs to answer."""

    account: Account
    api_method: str
    args: tuple[str, ...]
    query: Mapping[str, str]
    """By lower-case name: ASP.NET does not mind letter case."""
    url: str
    """Absolute, without the query."""
    fault: Fault | None

    @property
    def detailed(self) -> bool:
        """Whether `detailed=true` was asked for."""
        return self.query.get("detailed", "").lower() == "true"

    def day(self, name: str) -> date:
        """A required `YYYYMMDD` parameter.

        Raises:
            BadParameter: missing or not a date.
        """
        written = self.query.get(name, "")
        if not written:
            raise BadParameter(f"The '{name}' parameter is required")
        try:
            return datetime.strptime(written, "%Y%m%d").replace(tzinfo=UTC).date()
        except ValueError as problem:
            raise BadParameter(f"The '{name}' parameter is not a valid date") from problem

    def modified_since(self) -> datetime | None:
        """`modifiedsince`, naive UTC on the wire, aware here.

        Raises:
            BadParameter: not a date and time.
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
        """`pageSize`, 1 to 500, 50 when not given.

        Raises:
            BadParameter: outside of that.
        """
        written = self.query.get("pagesize", "50")
        if not written.isdigit() or not 1 <= int(written) <= 500:  # noqa: PLR2004 - Xero's bounds
            raise BadParameter("The 'pageSize' parameter must be between 1 and 500")
        return int(written)
