"""The attacks: what the attacker brings, which standard's rule covers it, and what stops it.

`python -m tests.xero.attacks.attacks` rewrites docs/answer-attacks.md.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.attack_table import written
from tests.xero.attacks.scene import (
    Body,
    Found,
    connections_from,
    keys_from,
    returns_from,
    staff_from,
    tokens_from,
)
from tests.xero.fakes import envelope
from tests.xero.hostile_server import ENDLESS, MIB, bomb, gzipped, head, plain, zipped_twice
from xpm.xero.errors import AnswerLost, ConsentNeeded, Refused, UnreadableAnswer, XeroError, XeroUnavailable
from xpm.xero.http.bounds import LARGEST_RECORD, LONGEST_CURSOR, PAGE

REPORT = Path(__file__).parents[3] / "docs" / "answer-attacks.md"
GZIP = "Content-Encoding: gzip"
ANA, BEN = "<Staff><UUID>ana</UUID></Staff>", "<Staff><UUID>ben</UUID></Staff>"
TOKENS = {"access_token": "a", "token_type": "Bearer", "expires_in": 1800, "refresh_token": "r"}
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BILLION_LAUGHS = f'<!DOCTYPE Response [<!ENTITY l0 "ha">{LAUGHS}]>'
OUTSIDE = '<!DOCTYPE Response [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
MEMORY, PARSING, TYPES = "ASVS 15.2.2", "ASVS 1.5.1", "ASVS 15.3.5"


@dataclass(frozen=True)
class Attack:
    """An answer that is refused as a whole. `says` is part of the error's message."""

    name: str
    brings: str
    reference: str
    refused: str
    ask: Callable[[Body], Found]
    answer: Body
    error: type[XeroError]
    says: str = ""


@dataclass(frozen=True)
class BadRecord:
    """An answer with one hostile record among two good ones. It is set aside for this reason; the others are read."""

    name: str
    brings: str
    reference: str
    ask: Callable[[Body], Found]
    answer: Body
    reason: str


def _staff(*records: str, before: str = "") -> bytes:
    return before.encode() + envelope(f"<StaffList>{''.join(records)}</StaffList>")


def _endless(start: bytes, part: bytes) -> Callable[[], Iterable[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield head()
        yield start
        yield from (part for _ in range(ENDLESS))

    return pieces


def _packed(start: bytes, part: bytes, times: int) -> Callable[[], Iterable[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield head(GZIP)
        yield from gzipped(piece for piece in (start, *(part for _ in range(times))))

    return pieces


def _pages(cursors: Iterable[str]) -> Callable[[], Iterable[bytes]]:
    """Serve one page for each request, each with the next cursor."""
    following = iter(cursors)
    return lambda: (_page(next(following)),)


def _page(cursor: str | None, *returns: object) -> bytes:
    return plain(json.dumps({"returns": list(returns), "nextCursor": cursor}).encode())


def _return(key: object) -> dict[str, object]:
    return {"returnId": key, "clientUuid": "c", "taxType": "ITR", "year": 2025}


def _among_returns(bad: object) -> bytes:
    return _page(None, _return("r1"), bad, _return("r2"))


def _among_staff(bad: str) -> bytes:
    return plain(_staff(ANA, bad, BEN))


ATTACKS = (
    Attack(
        "Bomb in a list",
        "a compressed list of 10 KiB that unpacks to 10 MiB of blanks",
        f"{MEMORY}, 5.2.3",
        "left after 4 MiB without a record",
        staff_from,
        _packed(b"<Response><StaffList>", b" " * MIB, 10),
        UnreadableAnswer,
        "bytes without a complete Staff",
    ),
    Attack(
        "Bomb of tokens",
        "a compressed token answer of 20 KiB that unpacks to 20 MiB",
        f"{MEMORY}, 5.2.3",
        "left after 1 MiB",
        tokens_from,
        plain(bomb(20), GZIP),
        AnswerLost,
        "AnswerTooLarge",
    ),
    Attack(
        "Bomb of keys",
        "the same for the signing keys",
        f"{MEMORY}, 5.2.3",
        "left after 1 MiB",
        keys_from,
        plain(bomb(20), GZIP),
        XeroUnavailable,
        "AnswerTooLarge",
    ),
    Attack(
        "Bomb of connections",
        "the same for the list of connections",
        f"{MEMORY}, 5.2.3",
        "left after 1 MiB",
        connections_from,
        plain(bomb(20), GZIP),
        UnreadableAnswer,
        "too large",
    ),
    Attack(
        "Bomb in an error",
        "the same with the status 401, whose body tells whether to renew the token",
        f"{MEMORY}, 5.2.3",
        "left after 1 MiB",
        connections_from,
        plain(bomb(20), GZIP, status="401 Unauthorized"),
        UnreadableAnswer,
        "too large",
    ),
    Attack(
        "Bomb in a bomb",
        "an answer compressed twice",
        f"{MEMORY}, 5.2.3 · RFC 9110 §8.4",
        "refused unread: that was not asked for",
        staff_from,
        plain(zipped_twice(1), "Content-Encoding: gzip, gzip"),
        UnreadableAnswer,
        "cannot be decompressed",
    ),
    Attack(
        "Other compression",
        "an answer in brotli, which packs a thousand times better",
        f"{MEMORY}, 5.2.3 · RFC 9110 §8.4",
        "refused unread: that was not asked for",
        staff_from,
        plain(b"\x1b", "Content-Encoding: br"),
        UnreadableAnswer,
        "cannot be decompressed",
    ),
    Attack(
        "Compressed answer cut short",
        "a compressed list without its end",
        "ASVS 2.2.1",
        "unreadable; never “no records”",
        staff_from,
        plain(b"".join(gzipped([_staff(ANA)]))[:-10], GZIP),
        UnreadableAnswer,
    ),
    Attack(
        "Endless page",
        "a page of returns that does not end",
        MEMORY,
        f"left after {PAGE.bytes // MIB} MiB",
        returns_from,
        _endless(b'{"returns": [', b" " * MIB),
        UnreadableAnswer,
        "too large",
    ),
    Attack(
        "Enormous length",
        "an announced length of 10¹⁵ bytes",
        f"{MEMORY}, 1.4.2",
        "refused unread",
        staff_from,
        head(f"Content-Length: {10**15}") + b"<",
        UnreadableAnswer,
        "too large",
    ),
    Attack(
        "Large headers",
        "headers of 80 KiB",
        MEMORY,
        "refused unread",
        staff_from,
        plain(_staff(ANA), f"X-MinLimit-Remaining: {'9' * 80_000}"),
        UnreadableAnswer,
        "headers of more than",
    ),
    Attack(
        "Headers without end",
        "headers of 400 KiB",
        MEMORY,
        "refused unread, by the HTTP library",
        staff_from,
        plain(_staff(ANA), *(f"X-{n}: {'9' * 4_000}" for n in range(100))),
        XeroUnavailable,
        "RemoteProtocolError",
    ),
    Attack(
        "Redirected tokens",
        "a redirect to the attacker's server",
        "ASVS 15.3.2",
        "not followed",
        tokens_from,
        plain(b"", "Location: http://attacker.example/", status="307 Temporary Redirect"),
        UnreadableAnswer,
        "status 307",
    ),
    Attack(
        "External entity",
        "a document type with an entity that names a file of this machine",
        PARSING,
        "unreadable: XPM's answers have no document type",
        staff_from,
        plain(_staff("<Staff><UUID>&x;</UUID></Staff>", before=OUTSIDE)),
        UnreadableAnswer,
    ),
    Attack(
        "Billion laughs",
        "entities that expand to 10⁹ others",
        f"{PARSING}, 15.2.2",
        "unreadable, nothing is expanded",
        staff_from,
        plain(_staff("<Staff><UUID>&l9;</UUID></Staff>", before=BILLION_LAUGHS)),
        UnreadableAnswer,
    ),
    Attack(
        "Billion laughs in an error",
        "the same as the body of a refusal",
        f"{PARSING}, 15.2.2",
        "the refusal counts, its text is left out",
        staff_from,
        plain(_staff("&l9;", before=BILLION_LAUGHS), status="400 Bad Request"),
        Refused,
        "without saying why",
    ),
    Attack(
        "Endless tag",
        "a tag that does not end",
        f"{MEMORY}, 1.5.1",
        "left after 4 MiB without a record",
        staff_from,
        _endless(b"<Response><StaffList ", b"a" * MIB),
        UnreadableAnswer,
        "bytes without a complete Staff",
    ),
    Attack(
        "Hidden end of a large record",
        "a record of 5 MiB with its end in a comment",
        f"{MEMORY}, 1.5.1",
        "unreadable: where it ends is not certain",
        staff_from,
        plain(_staff(f"<Staff><Name>{'n' * 5 * MIB}</Name><!-- </Staff> --></Staff>")),
        UnreadableAnswer,
        "bytes",
    ),
    Attack(
        "Deep envelope",
        "elements nested 100,000 deep around the list",
        f"{PARSING}, 15.2.2",
        "unreadable: deeper than 256",
        staff_from,
        plain(b"<Response>" + b"<a>" * 100_000),
        UnreadableAnswer,
        "not well-formed",
    ),
    Attack(
        "Deep tokens",
        "a token answer nested 100,000 deep",
        "ASVS 1.5.2, 15.2.2 · RFC 8259 §9",
        "unreadable",
        tokens_from,
        plain(b"[" * 100_000),
        AnswerLost,
        "cannot be read",
    ),
    Attack(
        "Deep refusal",
        "a refusal by the token endpoint, nested 100,000 deep",
        "ASVS 1.5.2, 15.2.2 · RFC 8259 §9",
        "the refusal counts, its text is left out",
        tokens_from,
        plain(b'{"error":' * 100_000, status="400 Bad Request"),
        Refused,
        "status 400",
    ),
    Attack(
        "Deep keys",
        "signing keys nested 100,000 deep",
        "ASVS 1.5.2, 15.2.2 · RFC 8259 §9",
        "unreadable",
        keys_from,
        plain(b'{"keys":' + b"[" * 100_000),
        UnreadableAnswer,
    ),
    Attack(
        "Deep page",
        "a page of returns nested 100,000 deep",
        "ASVS 1.5.2, 15.2.2 · RFC 8259 §9",
        "unreadable",
        returns_from,
        plain(b'{"returns":[' + b"[" * 100_000),
        UnreadableAnswer,
    ),
    Attack(
        "Circle of pages",
        "a cursor that comes again",
        MEMORY,
        "left at the second time",
        returns_from,
        _pages(["one", "two", "one"]),
        UnreadableAnswer,
        "repeat a page",
    ),
    Attack(
        "Enormous cursor",
        "a cursor of 3 KiB, which would go into an address",
        "ASVS 1.3.3",
        f"unreadable: longer than {LONGEST_CURSOR:,} characters",
        returns_from,
        _page("c" * 3 * 1024),
        UnreadableAnswer,
    ),
    Attack(
        "NUL in an account",
        "an account whose id PostgreSQL cannot store",
        "ASVS 2.2.1",
        "unreadable: a list of accounts counts as a whole",
        connections_from,
        plain(b'[{"id": "i", "tenantId": "t\\u0000", "tenantType": "PRACTICEMANAGER"}]'),
        UnreadableAnswer,
        "cannot be read",
    ),
    Attack(
        "Time before all times",
        "an account connected at a moment that does not exist in UTC",
        "ASVS 1.4.2",
        "unreadable",
        connections_from,
        plain(b'[{"id": "i", "tenantId": "t", "tenantType": "P", "updatedDateUtc": "0001-01-01T00:00:00+12:00"}]'),
        UnreadableAnswer,
        "cannot be read",
    ),
    Attack(
        "Header in a token",
        "an access token with a line break and another header",
        "ASVS 1.2.1 · RFC 6750 §2.1",
        "unusable, and not repeated in the error",
        tokens_from,
        plain(json.dumps(TOKENS | {"access_token": "a\r\nX-Injected: 1"}).encode()),
        AnswerLost,
        "cannot be used because of: access_token",
    ),
    Attack(
        "Empty token",
        "an access token without a character",
        f"{TYPES} · RFC 6749 §5.1",
        "unusable",
        tokens_from,
        plain(json.dumps(TOKENS | {"access_token": ""}).encode()),
        AnswerLost,
        "cannot be used because of: access_token",
    ),
    Attack(
        "Token of another type",
        "a token that must be bound to a key",
        "ASVS 9.2.2 · RFC 6749 §7.1",
        "unusable",
        tokens_from,
        plain(json.dumps(TOKENS | {"token_type": "DPoP"}).encode()),
        AnswerLost,
        "cannot be used because of: token_type",
    ),
    Attack(
        "Weak key",
        "an RSA key of 512 bits as the only signing key",
        "ASVS 9.1.3 · RFC 7518 §3.3",
        "no usable key, and no code is spent",
        keys_from,
        plain(json.dumps({"keys": [{"kty": "RSA", "kid": "k", "e": "AQAB", "n": "_" * 85}]}).encode()),
        UnreadableAnswer,
        "no signing key that can be used",
    ),
    Attack(
        "Costly key",
        "an RSA key of 100,000 bits as the only signing key",
        "ASVS 9.1.3, 15.2.2",
        "no usable key, and no code is spent",
        keys_from,
        plain(json.dumps({"keys": [{"kty": "RSA", "kid": "k", "e": "AQAB", "n": "_" * 16_667}]}).encode()),
        UnreadableAnswer,
        "no signing key that can be used",
    ),
    Attack(
        "Terminal in a refusal",
        "a refusal whose sentence clears the screen of whoever reads the log",
        "ASVS 16.4.1",
        "the sentence is kept, without the control characters",
        staff_from,
        plain(b'{"Detail": "gone\\u001b[2J\\u202e"}', status="400 Bad Request"),
        Refused,
        "gone\ufffd[2J\ufffd",
    ),
    Attack(
        "Terminal in a header",
        "a correlation id that colours the log of whoever reads it",
        "ASVS 16.4.1",
        "kept without the control characters, and cut to 100",
        connections_from,
        plain(b"", f"xero-correlation-id: \x9b5m{'i' * 5_000}", status="401 Unauthorized"),
        ConsentNeeded,
    ),
)

BAD_RECORDS = (
    BadRecord(
        "Large record",
        "a record of 5 MiB",
        MEMORY,
        staff_from,
        _among_staff(f"<Staff><UUID>bad</UUID><Name>{'n' * 5 * MIB}</Name></Staff>"),
        f"is larger than {LARGEST_RECORD:,} bytes",
    ),
    BadRecord(
        "NUL in a key",
        "a key that PostgreSQL cannot store, in XML",
        "ASVS 2.2.1 · XML 1.0 §2.2",
        staff_from,
        _among_staff("<Staff><UUID>b\x00ad</UUID></Staff>"),
        "UUID: has a character that cannot be read",
    ),
    BadRecord(
        "Forbidden reference",
        "a key with a reference to a character that does not exist",
        "ASVS 2.2.1 · XML 1.0 §2.2",
        staff_from,
        _among_staff("<Staff><UUID>b&#xD800;d</UUID></Staff>"),
        "UUID: has a character that cannot be read",
    ),
    BadRecord(
        "Over-long key",
        "a key of 3,000 characters, which no index of PostgreSQL can hold",
        "ASVS 2.2.1, 1.3.3",
        staff_from,
        _among_staff(f"<Staff><UUID>{'k' * 3_000}</UUID></Staff>"),
        "UUID: should be a UUID, or another key of at most 255 characters",
    ),
    BadRecord(
        "NUL in a return",
        "a key that PostgreSQL cannot store, in JSON",
        "ASVS 2.2.1",
        returns_from,
        _among_returns(_return("b\x00ad")),
        "returnId: should be text without NUL characters",
    ),
    BadRecord(
        "Over-long key of a return",
        "a key of 3,000 characters",
        "ASVS 2.2.1, 1.3.3",
        returns_from,
        _among_returns(_return("k" * 3_000)),
        "returnId: String should have at most 255 characters",
    ),
    BadRecord(
        "Stranger among returns",
        "a number where a return should be",
        TYPES,
        returns_from,
        _among_returns(5),
        "Input should be",
    ),
    BadRecord(
        "Enormous amount",
        "an amount of 10⁹⁹⁹⁹⁹⁹, which would fill the memory when it is written out",
        "ASVS 1.4.2, 15.2.2",
        returns_from,
        _among_returns(_return("bad") | {"assessedIncome": "1E+999999"}),
        "assessedIncome",
    ),
)


def report() -> str:
    """Write the table of attacks, in Markdown."""
    rows = [(one.name, one.brings, one.reference, one.refused) for one in ATTACKS]
    rows += [(one.name, one.brings, one.reference, "set aside; the others are read") for one in BAD_RECORDS]
    return written(
        "Attacks by answers",
        [
            "Whoever can answer in Xero's place could send anything: a broken proxy, a partner's feed, an attacker.",
            "`tests/xero/attacks` sends each of these answers over TCP to the product's own clients. Each is refused",
            "or left at its bound, and no error shows a token. `tests/pull/test_hostile_records.py` proves on both",
            "databases that a hostile record is set aside alone. The bounds and their reasons are in",
            "[xpm/xero/http/bounds.py](../xpm/xero/http/bounds.py).",
            "ASVS is OWASP's Application Security Verification Standard 5.0.",
        ],
        ["Attack", "The attacker brings", "Item", "What happens"],
        rows,
    )


if __name__ == "__main__":
    REPORT.write_text(report(), encoding="utf-8")
