"""Text that others wrote, made safe to print: a name must not move the cursor, recolour a terminal, or hide its end."""

import re

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters of ASCII and Latin-1, but not tab and line feed
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks, overrides and isolates of the writing direction
    "\u2028\u2029\ufff9-\ufffb"  # line and paragraph separators, annotations
    "\ud800-\udfff]"  # halves of characters
)
REPLACEMENT = "\ufffd"


def printable(text: str) -> str:
    """Return the text with a replacement for every character that controls a terminal or the writing direction.

    Unicode Technical Report 36 §3.1 and the "Trojan Source" paper (CVE-2021-42574) say what the latter can do.
    """
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub(REPLACEMENT, text)


def escaped_json(json: str) -> str:
    """Return the same JSON with those characters as escapes (RFC 8259 §7): for programs it means the same."""
    return json if json.isascii() else _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", json)
