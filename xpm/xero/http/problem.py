"""Reads the body of an error answer, whatever its content type claims.

Xero sends errors as XML, JSON, text or HTML, or with no body. Keys have either case, and any may be missing. So the
first character decides how to read a body, and nothing here raises.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

import httpx
from lxml import etree
from pydantic_core import from_json

from xpm.xero.errors import NotFound, RecordGone, Refused
from xpm.xero.keys import key_of
from xpm.xero.printable import printable

_LONGEST_DETAIL = 300  # characters; enough for Xero's sentences, too short for an HTML page
_NO_SUCH_RECORD = re.compile(r"invalid\b.*\bidentifier|.*\bnot found\b", re.IGNORECASE)
_HTML = re.compile(rb"<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)


class BodyKind(StrEnum):
    """What a body is, judged by its first characters."""

    EMPTY = "empty"
    XML = "XML"
    HTML = "HTML"
    JSON = "JSON"
    TEXT = "text"


@dataclass(frozen=True)
class Problem:
    """What an error body says: Xero's own sentence, if any, and whether an XPM envelope has `Status` ERROR."""

    detail: str | None = None
    envelope_error: bool = False

    @property
    def names_no_record(self) -> bool:
        """Whether Xero's sentence means that there is no such record (for example `Invalid job identifier`)."""
        return bool(self.detail and _NO_SUCH_RECORD.match(self.detail))

    def denies(self, kind: str | None) -> bool:
        """Whether these are XPM's own words that it has no such record of this kind, such as "job".

        `Invalid job template identifier` is about a template, and `Invalid client/contact identifier` about either.
        """
        words = re.match(r"invalid\s+([\w/]+)\s+identifier\b", self.detail or "", re.IGNORECASE)
        return self.envelope_error and words is not None and kind in words[1].lower().split("/")


def sniff(start: bytes) -> BodyKind:
    """Return the kind of a body that begins with `start`."""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        return BodyKind.EMPTY
    if text[:1] in (b"{", b"["):
        return BodyKind.JSON
    if text[:1] != b"<":
        return BodyKind.TEXT
    return BodyKind.HTML if _HTML.match(text) else BodyKind.XML


def read_problem(body: bytes) -> Problem:
    """Read an error body of any kind."""
    match sniff(body):
        case BodyKind.JSON:
            return _from_json(body)
        case BodyKind.XML:
            return _from_xml(body)
        case BodyKind.TEXT:
            return Problem(_short(body.decode("utf-8", "replace")))
        case _:  # an HTML page does not belong in a log line
            return Problem()


def says_scope_is_missing(response: httpx.Response) -> bool:
    """Whether a 401 is about a missing scope, not the token. A renewal does not help then (RFC 6750 §3.1).

    The response must have been read.
    """
    challenge = response.headers.get("WWW-Authenticate", "")
    detail = read_problem(response.content).detail or ""
    return "insufficient_scope" in challenge or "authorizationunsuccessful" in detail.lower()


def enveloped(description: str | None) -> Problem:
    """Return what an XPM envelope with `Status` ERROR says."""
    return Problem(_short(description or ""), envelope_error=True)


def refusal(
    problem: Problem, *, endpoint: str, status: int | None = None, correlation_id: str | None = None
) -> Refused:
    """Return the error for a refused request. `Invalid job identifier` and the like give `NotFound`.

    It is `RecordGone` if XPM says it of the record that was asked for.
    """
    reason = problem.detail
    message = f"Xero refused {endpoint}: {reason}" if reason else f"Xero refused {endpoint} without saying why."
    kind = NotFound if problem.names_no_record else Refused
    if problem.denies(key_of(endpoint)):
        kind = RecordGone
    return kind(message, description=reason, endpoint=endpoint, status=status, correlation_id=correlation_id)


def _from_json(body: bytes) -> Problem:
    try:
        content = from_json(body)  # unlike Python's own, it refuses what is nested too deeply
    except ValueError:
        return Problem()
    if not isinstance(content, dict):
        return Problem()
    facts = {str(key).lower(): value for key, value in content.items()}
    detail = next((facts[key] for key in ("detail", "errordescription", "message", "title") if facts.get(key)), None)
    return Problem(_short(str(detail)) if detail else None, envelope_error=str(facts.get("status")).upper() == "ERROR")


def _from_xml(body: bytes) -> Problem:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        return Problem()
    detail = root.findtext("ErrorDescription") or root.findtext("Message")
    status = (root.findtext("Status") or "").strip().upper()
    return Problem(_short(detail) if detail else None, envelope_error=status == "ERROR")


def _short(text: str) -> str | None:
    return " ".join(printable(text).split())[:_LONGEST_DETAIL] or None
