"""Reads tax returns from a partner's feed: JSON, one page per call, with a cursor."""

import json
import time
from collections.abc import Iterator

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xpm.xero.clock import Clock, Sleep, utc_now
from xpm.xero.errors import AccessLost, ConsentNeeded, ScopeMissing, UnreadableAnswer
from xpm.xero.http.bounds import EXTENSION, LONGEST_CURSOR, MOST_PAGES, PAGE
from xpm.xero.http.calls import TIMEOUT, Calls
from xpm.xero.http.limits import Budget
from xpm.xero.http.patience import Tries
from xpm.xero.models import TaxReturn
from xpm.xero.models.scalars import storable_key
from xpm.xero.records import AnswerCounts, PartlyRead, Read, Records, Sent, Unreadable, read_already
from xpm.xero.xml.parts import read_parts, reason_of

_LABEL = "tax.returns"
PAGE_SIZE = 200  # returns


class _Page(BaseModel):
    model_config = ConfigDict(frozen=True)

    returns: list[object]  # each is read for itself, so that one that is no object does not stop the others
    next_cursor: str | None = Field(None, alias="nextCursor", max_length=LONGEST_CURSOR)
    total: int | None = None


class TaxFeed:
    """Reads pages `{"returns": [...], "nextCursor": ..., "total": n}` until the cursor is missing or empty.

    `http` must have an `XeroAuth`. If the feed refuses access, that is `ScopeMissing`: the feed is not XPM, so its
    refusal says nothing about the connection to XPM.
    """

    def __init__(
        self,
        http: httpx.Client,
        url: str,
        tenant_id: str,
        budget: Budget,
        *,
        sleep: Sleep = time.sleep,
        clock: Clock = utc_now,
        tries: Tries | None = None,
    ) -> None:
        self._http = http
        self._url = httpx.URL(url)
        self._headers = {"Accept": "application/json", "xero-tenant-id": tenant_id}
        self._calls = Calls(http, budget, sleep, clock, tries)

    def returns(self) -> Records[TaxReturn]:
        """Read all returns.

        Raises `UnreadableAnswer` if a cursor repeats, the pages do not end, or the count differs from the total.
        """
        return Records(self._read)

    def _read(self, tally: AnswerCounts) -> Iterator[Sent[TaxReturn]]:
        cursor: str | None = None
        seen: set[str] = set()
        count = 0
        while True:
            page = self._page(cursor, tally)
            count += len(page.returns)
            for content in page.returns:
                yield read_already(_tax_return(content))
            cursor = page.next_cursor
            if not cursor:
                break
            if cursor in seen:  # otherwise a server that ignores the cursor would loop forever
                raise UnreadableAnswer(f"Xero's answers to {_LABEL} repeat a page.", endpoint=_LABEL)
            seen.add(cursor)
            if len(seen) >= MOST_PAGES:
                raise UnreadableAnswer(f"Xero's answers to {_LABEL} have no last page.", endpoint=_LABEL)
        if page.total is not None and page.total != count:
            message = f"Xero announced {page.total} tax returns and sent {count}."
            raise UnreadableAnswer(message, endpoint=_LABEL)

    def _page(self, cursor: str | None, tally: AnswerCounts) -> _Page:
        params = {"pageSize": str(PAGE_SIZE)} | ({"cursor": cursor} if cursor else {})
        url = self._url.copy_merge_params(params)  # as `params` they would replace the URL's own query
        bound = {EXTENSION: PAGE}
        request = self._http.build_request("GET", url, headers=self._headers, timeout=TIMEOUT, extensions=bound)
        try:
            (page,) = self._calls.read(_LABEL, request, tally, _parsed)
        except (AccessLost, ConsentNeeded) as error:
            if error.endpoint != _LABEL:  # the token renewal failed: the consent ended
                raise
            message, correlation_id = "The feed of tax returns denies access.", error.correlation_id
            raise ScopeMissing(message, endpoint=_LABEL, status=error.status, correlation_id=correlation_id) from error
        return page


def _parsed(body: Iterator[bytes]) -> Iterator[_Page]:
    try:
        page = _Page.model_validate_json(b"".join(body))
    except ValidationError:
        raise UnreadableAnswer(f"Xero's answer to {_LABEL} is not a page of returns.", endpoint=_LABEL) from None
    yield page


def _tax_return(content: object) -> Read[TaxReturn]:
    try:
        return TaxReturn.model_validate(content)
    except ValidationError as error:
        sent = json.dumps(content)
        if not isinstance(content, dict):
            return Unreadable(None, reason_of(error), sent)
        read = read_parts(TaxReturn, content, error)
        if read.record is None:
            return Unreadable(storable_key(content.get("returnId")), read.reason, sent)
        return PartlyRead(read.record, sent, read.left_out, read.parts, read.reason)
