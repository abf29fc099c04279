"""Every hostile answer is refused or left at its bound, and the table in docs lists the same answers."""

import json
import resource

import pytest

from tests.xero.attacks.attacks import ATTACKS, BAD_RECORDS, REPORT, Attack, BadRecord, report
from tests.xero.attacks.scene import connections_from, keys_from, returns_from, set_aside, staff_from, tokens_from
from tests.xero.hostile_server import plain
from tests.xero.identity_server import GOOD_KEY

MEMORY = 100 * 1024  # KiB that an attack may add to this process at most: two dozen times the largest record


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_the_answer_is_refused_within_its_bounds(attack: Attack) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(attack.error) as refused:
        attack.ask(attack.answer)
    assert type(refused.value) is attack.error
    assert attack.says in refused.value.message
    shown = repr(refused.value)
    assert len(shown) < 1_000
    assert not [sign for sign in shown if sign in "\x1b\x9b\u202e\r\n"]
    assert "refresh-token-value" not in shown
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY


@pytest.mark.parametrize("bad", BAD_RECORDS, ids=lambda bad: bad.name)
def test_the_record_is_set_aside_and_the_others_are_read(bad: BadRecord) -> None:
    found = bad.ask(bad.answer)
    (aside,) = set_aside(found)
    assert len(found) == 3
    assert bad.reason in aside.reason


def test_the_same_clients_take_what_is_no_attack() -> None:
    """Otherwise the answers might be refused only because of how they are sent."""
    tokens = plain(b'{"access_token": "a", "token_type": "Bearer", "expires_in": 60, "refresh_token": "r"}')
    keys = plain(json.dumps({"keys": [GOOD_KEY.as_dict(private=False)]}).encode())
    assert len(tokens_from(tokens)) == len(keys_from(keys)) == 1
    assert connections_from(plain(b"[]")) == []
    assert returns_from(plain(b'{"returns": []}')) == []
    assert staff_from(plain(b"<Response><Status>OK</Status><StaffList/></Response>")) == []


def test_the_table_in_docs_lists_these_attacks() -> None:
    assert REPORT.read_text(encoding="utf-8") == report()
