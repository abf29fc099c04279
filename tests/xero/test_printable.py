"""Nothing that others wrote can control a terminal or hide what a line says."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpm.xero.printable import REPLACEMENT, escaped_json, printable

NAMES = ["Harbour & Vale", "Tāne Whānau 山田", "שלום", "naïve café", "👩‍👩‍👧"]
WRITTEN = st.text(st.characters(exclude_categories=["Cs"]))
CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_any_language_stays_as_it_is(name: str) -> None:
    assert printable(name) == name


@pytest.mark.parametrize(
    "sign", ["\x1b", "\x07", "\x08", "\r", "\x00", "\x7f", "\x9b", "\u202e", "\u2066", "\u200f", "\u061c", "\u2028"]
)
def test_what_controls_a_terminal_or_the_writing_direction_is_replaced(sign: str) -> None:
    assert printable(f"Vale{sign}[2J") == f"Vale{REPLACEMENT}[2J"


@given(st.text())
def test_no_control_character_is_left_but_tab_and_line_feed(text: str) -> None:
    left = printable(text)
    assert not [one for one in left if unicodedata.category(one) in CONTROLS and one not in "\t\n"]
    assert not [one for one in left if unicodedata.bidirectional(one) in {"LRE", "RLE", "LRO", "RLO", "LRI", "RLI"}]
    assert len(left) == len(text)


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_escaped_json_means_the_same_and_controls_nothing(content: dict[str, str]) -> None:
    written = json.dumps(content, ensure_ascii=False)
    assert json.loads(escaped_json(written)) == content
    assert printable(escaped_json(written)) == escaped_json(written)
