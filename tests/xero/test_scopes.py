"""What scopes cover: broad ones everything, granular ones an area, and writing includes reading."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpm.xero.scopes import (
    AREAS_READ,
    AREAS_WRITTEN,
    LASTING_LOGIN,
    READ,
    WRITE,
    Coverage,
    allowing_changes,
    covers,
    may_read_any,
    may_write,
    missing_scopes,
    missing_to_write,
    scopes_to_ask_for,
)

ALL_AREAS = ("client", "job", "staff", "time")
GRANULAR = [f"practicemanager.{area}{suffix}" for area in ALL_AREAS for suffix in ("", ".read")]
GRANTED = st.frozensets(st.sampled_from([*LASTING_LOGIN, "profile", "email", READ, WRITE, *GRANULAR]))
SCOPES = st.sampled_from([None, *GRANULAR])
READING = {f"practicemanager.{area}.read" for area in AREAS_READ}


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        (scopes_to_ask_for(push=False), set()),
        (scopes_to_ask_for(push=True), set()),
        (("openid", "offline_access", *READING), set()),
        (("openid", "offline_access", "practicemanager.client", "practicemanager.job", "practicemanager.staff"), set()),
        (("openid", "offline_access"), READING),
        (("openid", "offline_access", "practicemanager.time"), READING),
        (("openid", WRITE), {"offline_access"}),
        (("offline_access", WRITE), {"openid"}),
        (
            ("openid", "offline_access", "practicemanager.job.read", "practicemanager.client"),
            {"practicemanager.staff.read"},
        ),
        ((), READING | {"openid", "offline_access"}),
    ],
)
def test_a_scope_is_missing_if_neither_a_broad_nor_a_granular_scope_covers_it(
    granted: tuple[str, ...], missing: set[str]
) -> None:
    assert missing_scopes(granted) == missing


def test_only_push_asks_for_more_than_reading() -> None:
    assert not allowing_changes(scopes_to_ask_for(push=False))
    assert allowing_changes(scopes_to_ask_for(push=True)) == {WRITE}
    assert (may_write(scopes_to_ask_for(push=False)), may_write(scopes_to_ask_for(push=True))) == (False, True)


@given(GRANTED, GRANTED, SCOPES)
def test_more_scopes_never_cover_less(some: frozenset[str], more: frozenset[str], scope: str | None) -> None:
    order = [Coverage.NO, Coverage.UNKNOWN, Coverage.YES]
    assert order.index(covers(some, scope)) <= order.index(covers(some | more, scope))
    assert missing_scopes(some | more) <= missing_scopes(some)
    assert missing_to_write(some | more) <= missing_to_write(some)


@given(GRANTED, SCOPES)
def test_the_broad_scope_covers_all_and_the_broad_one_to_read_all_reading(
    granted: frozenset[str], scope: str | None
) -> None:
    assert covers(granted | {WRITE}, scope) is Coverage.YES
    if scope is None or scope.endswith(".read"):
        assert covers(granted | {READ}, scope) is Coverage.YES
    else:
        assert covers(granted | {READ}, scope) is covers(granted, scope)


@given(GRANTED, st.sampled_from(ALL_AREAS))
def test_a_scope_to_write_covers_reading_and_none_to_read_covers_writing(granted: frozenset[str], area: str) -> None:
    write, read = f"practicemanager.{area}", f"practicemanager.{area}.read"
    assert covers(granted | {write}, read) is covers(granted | {write}, write) is Coverage.YES
    assert covers(granted | {read}, write) is covers(granted, write)


@given(GRANTED)
def test_without_a_broad_scope_nobody_knows_what_covers_an_endpoint_without_a_scope_of_its_own(
    granted: frozenset[str],
) -> None:
    granular = granted - {READ, WRITE}
    expected = Coverage.UNKNOWN if granular & frozenset(GRANULAR) else Coverage.NO
    assert covers(granular, None) is expected


@given(GRANTED)
def test_what_is_granted_in_addition_mends_exactly_what_was_missing(granted: frozenset[str]) -> None:
    assert missing_scopes(granted | missing_scopes(granted)) == frozenset()
    assert may_write(granted | missing_to_write(granted))
    assert may_write(granted) == (WRITE in granted or {f"practicemanager.{one}" for one in AREAS_WRITTEN} <= granted)
    assert may_read_any(granted) == (not missing_scopes(granted) >= READING)
