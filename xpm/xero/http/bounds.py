"""How much of an answer is accepted. Whatever sends more is not Xero as we know it, or means us harm.

Each bound leaves room for ten times what was ever seen or documented, and costs little if somebody uses it up.
"""

from dataclasses import dataclass

KIB, MIB, GIB = 1024, 1024**2, 1024**3


@dataclass(frozen=True)
class Bound:
    """The most of one answer: decompressed bytes, and seconds spent waiting for them."""

    bytes: int
    seconds: float


SHORT_ANSWER = Bound(bytes=1 * MIB, seconds=60.0)
"""Tokens, keys, connections, errors and whatever names no other bound. The largest, a list of connections, takes 30 KiB
for a hundred accounts."""

PAGE = Bound(bytes=16 * MIB, seconds=300.0)
"""A page of the feed of tax returns, which is held in memory: 200 returns of 80 KiB each; they take one."""

LONG_LIST = Bound(bytes=1 * GIB, seconds=3_600.0)
"""A list of XPM, which is read as it arrives. 50,000 detailed jobs take some 200 MiB, and Xero needs minutes."""

LARGEST_HEADERS = 64 * KIB
"""Bytes of all headers together. Xero sends under 2 KiB."""

LARGEST_RECORD = 4 * MIB
"""Bytes of one record, or of whatever stands between two. The largest jobs, with hundreds of notes, take under half of
one. Parsed, it takes up to thirty times its size."""

MOST_RECORDS = 2_000_000
"""Records of one list. Large practices have 50,000 jobs."""

MOST_PAGES = 10_000
"""Pages of one cursor, each of 200 returns. A day's allowance is 5,000 calls."""

LONGEST_CURSOR = 2 * KIB
"""Characters of a cursor, which goes into an address."""

MOST_UNKNOWN = 200
"""Different unknown elements that are counted by name, each stored and shown in Practice Activity."""

EXTENSION = "fyi_xpm.bound"
"""Where a request names its `Bound` (httpx calls such additions extensions)."""
