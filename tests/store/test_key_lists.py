"""Each key is looked up in an index, even before the database has statistics about the table."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Select, select, text

from tests.store.kit import ACME, NOW, job
from xpm.store.engine.database import Database
from xpm.store.engine.key_lists import among
from xpm.store.records import bulk
from xpm.store.records.kinds import JOBS
from xpm.store.records.scope import in_scope

pytestmark = pytest.mark.also_on_postgresql("the store itself")

KEYS = [f"J{number}" for number in range(300)]
KEY = JOBS.table.c.key


@pytest.fixture
def filled(database: Database) -> Database:
    """A database into which jobs were just inserted."""
    with database.write() as session:
        bulk.apply(session, JOBS, ACME, [job(key) for key in KEYS], run_id=None, now=NOW)
    return database


def plan(database: Database, statement: Select[tuple[str]]) -> str:
    """Return the database's plan for a query."""
    written = statement.compile(database.engine, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN" if database.is_postgresql else "EXPLAIN QUERY PLAN"
    with database.read() as session:
        if database.is_postgresql:  # a sequential scan is faster for so few rows
            session.connection().execute(text("SET LOCAL enable_seqscan = off"))
        return "\n".join(str(row[-1]) for row in session.connection().execute(text(f"{explain} {written}")))


def test_each_key_is_looked_up_in_the_index(filled: Database) -> None:
    how = plan(filled, select(KEY).where(in_scope(JOBS, ACME), among(KEY, KEYS[:5])))
    lookup = r"Index Cond: .*key\b.* = ANY" if filled.is_postgresql else r"tenant_id=\? AND key=\?"
    assert re.search(lookup, how), how


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(keys=st.lists(st.one_of(st.sampled_from(KEYS), st.text(st.characters(codec="utf-8", exclude_characters="\0")))))
def test_only_the_rows_with_the_given_keys_are_found(filled: Database, keys: list[str]) -> None:
    with filled.read() as session:
        found = session.connection().scalars(select(KEY).where(in_scope(JOBS, ACME), among(KEY, keys)))
        others = session.connection().scalars(select(KEY).where(in_scope(JOBS, ACME), ~among(KEY, keys)))
        assert set(found) == set(KEYS) & set(keys)
        assert set(others) == set(KEYS) - set(keys)
