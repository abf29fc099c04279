"""Mends the text of a record that is no XML, where it can be read without guessing.

A character that XML forbids is dropped; a bare `&` and HTML's names of characters are read as they are meant. Anything
else makes the part around it unreadable, and only that part. Until the text is parsed, marks stand for both.
"""

import re
import sys
from collections.abc import Mapping
from html.entities import html5
from xml.sax.saxutils import escape

from xpm.xero.xml.shape import Bad, Shape

_REPLACED, _UNREADABLE = "\ufdd0", "\ufdd1"  # never used in text that is exchanged (Unicode: noncharacters)
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2
_AMPERSAND = re.compile("&(?:#x([0-9a-fA-F]+);|#([0-9]+);|([a-zA-Z][a-zA-Z0-9]*);)?")
_XMLS_OWN = frozenset({"amp", "lt", "gt", "quot", "apos"})
_LONGEST_NUMBER = 7  # digits of the last character, 10FFFF or 1114111
_NO_CHARACTER = Bad("has a character that cannot be read")


def payload_of(text: bytes) -> str:
    """The text, with references for characters that no database stores. It stays as unreadable as it is."""
    return _FORBIDDEN.sub(lambda found: f"&#{ord(found[0])};", text.decode("utf-8", "surrogateescape"))


def marked(text: bytes) -> bytes:
    """The text with marks where something was replaced or cannot be read."""
    readable = _FORBIDDEN.sub(lambda found: _mark(ord(found[0])), text.decode("utf-8", "surrogateescape"))
    return _AMPERSAND.sub(_reference, readable).encode()


def unmarked(content: Mapping[str, object], shape: Shape, replaced: list[str], path: str = "") -> dict[str, object]:
    """The content without marks. A part that cannot be read is `Bad`; `replaced` gets the others that had marks."""
    clean: dict[str, object] = {}
    for tag, value in content.items():
        if isinstance(value, str):
            clean[tag] = _text(value, f"{path}{tag}", replaced, is_key=tag == shape.key)
        elif isinstance(value, list):
            inner = shape.inside(tag)
            clean[tag] = [
                unmarked(item, inner, replaced, f"{path}{tag}.{place}.") if isinstance(item, dict) else item
                for place, item in enumerate(value)
            ]
        elif isinstance(value, dict):
            clean[tag] = unmarked(value, shape.inside(tag), replaced, f"{path}{tag}.")
        else:
            clean[tag] = value
    return {tag: value for tag, value in clean.items() if value}


def _text(text: str, path: str, replaced: list[str], *, is_key: bool) -> object:
    """The text without marks. A key must be as XPM sent it: one that is nearly right is another record's."""
    if _UNREADABLE in text or (is_key and _REPLACED in text):
        return _NO_CHARACTER
    if _REPLACED in text:
        replaced.append(path)
    return text.replace(_REPLACED, "").strip("\x20\t\r\n") and text.replace(_REPLACED, "")


def _mark(code: int) -> str:
    """The mark for a character that XML forbids. Half a pair, or a byte of another encoding, is none."""
    return _UNREADABLE if code > sys.maxunicode or 0xD800 <= code <= 0xDFFF else _REPLACED  # noqa: PLR2004


def _reference(found: "re.Match[str]") -> str:
    hexadecimal, decimal, name = found.groups()
    if name:
        return _named(name)
    if digits := hexadecimal or decimal:
        short = len(digits.lstrip("0")) <= _LONGEST_NUMBER
        code = int(digits, 16 if hexadecimal else 10) if short else sys.maxunicode + 1
        return found[0] if code <= sys.maxunicode and not _FORBIDDEN.match(chr(code)) else _mark(code)
    return f"&amp;{_REPLACED}"


def _named(name: str) -> str:
    if name in _XMLS_OWN:
        return f"&{name};"
    character = html5.get(f"{name};")
    return f"{escape(character)}{_REPLACED}" if character else _UNREADABLE
