"""Damage of any byte of one record costs that record at most: the others are read, or the whole answer is refused."""

from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.xero.fakes import envelope
from tests.xero.rendering import records, render
from tests.xero.test_cutting import cut
from xpm.xero.endpoints import CLIENTS, CURRENT_JOBS, STAFF, Endpoint
from xpm.xero.errors import UnreadableAnswer
from xpm.xero.models import Staff
from xpm.xero.xml.answer import RecordReader
from xpm.xero.xml.record import read_each

KEYS = {"Client": ("UUID", "uuid"), "Job": ("ID", "number")}
PLACES = st.lists(st.integers(0, 10_000), max_size=4)
DAMAGE = st.binary(min_size=0, max_size=2) | st.sampled_from(
    [b"&nbsp;", b"&odd;", b"&#xB;", b"\xed\xa0\x80", b"<!", b"</", b"]]>"]
)


@pytest.mark.parametrize("endpoint", [CLIENTS, CURRENT_JOBS], ids=lambda endpoint: endpoint.label)
@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(data=st.data())
def test_damage_of_any_byte_of_a_record_costs_no_other_record(endpoint: Endpoint[Any], data: st.DataObject) -> None:
    """Shrinking would take minutes: the records have sixty fields."""
    key = KEYS[endpoint.item][0]
    first, last = (f"<{endpoint.item}><{key}>{name}</{key}></{endpoint.item}>".encode() for name in ("first", "last"))
    record = render(data.draw, data.draw(records(endpoint.model)), endpoint.item).encode()
    at, by = data.draw(st.integers(0, len(record) - 1)), data.draw(DAMAGE)
    damaged = record[:at] + by + record[at + 1 :]
    body = envelope(f"<{endpoint.container}>|</{endpoint.container}>").replace(b"|", first + damaged + last)
    try:
        found = list(read_each(RecordReader(endpoint, {}).read(cut(body, data.draw(PLACES))), {}))
    except UnreadableAnswer:
        return
    assert [getattr(one, KEYS[endpoint.item][1], None) for one in (found[0], found[-1])] == ["first", "last"]
    assert len(found) == 3, damaged


def test_hardly_any_damage_makes_the_answer_unreadable() -> None:
    """Only damage of the tags at a record's ends can: then nobody knows where the record ends."""
    record = b"<Staff><UUID>bad</UUID><Name>Ash &amp; Sons</Name><Email></Email></Staff>"
    refused = []
    for at in range(len(record)):
        for by in (b"\x00", b"&", b"<", b">", b"/", b"!", b"\xe9", b"x", b""):
            damaged = record[:at] + by + record[at + 1 :]
            body = envelope("<StaffList><Staff><UUID>a</UUID></Staff>|<Staff><UUID>z</UUID></Staff></StaffList>")
            try:
                first, *_, last = [one.read({}) for one in RecordReader(STAFF, {}).read([body.replace(b"|", damaged)])]
            except UnreadableAnswer:
                refused.append(at)
                continue
            assert (first, last) == (Staff(uuid="a"), Staff(uuid="z"))
    ends = {*range(len(b"<Staff>")), *range(len(record) - len(b"</Staff>"), len(record))}
    assert set(refused) <= ends
