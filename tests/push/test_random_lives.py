"""Random edits on both sides, pulls, pushes, decisions and faults: no edit vanishes, and nothing is sent twice."""

from collections import Counter
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.profiles import deep_but
from tests.pull.breaking.dying import Step
from tests.pull.house import SLUG
from tests.push.desk import Desk
from tests.push.life import FAULTS, FIELDS, Life, calm_down, push, settle_conflicts
from tests.push.worker import is_killed_at
from xpm.entities.names import Entity
from xpm.push.editing import Editor
from xpm.push.recording import TimeAsk, add_time
from xpm.store.vocabulary import CallOutcome, EditState, SyncMode, SyncTrigger
from xpm.xero.errors import XeroError

pytestmark = pytest.mark.no_cover  # no coverage: other tests cover this code, and measuring takes half as long again

AT_ONCE = 10
"""So many jobs live through the same pushes, each a sequence of its own."""

PATHS = ("job.api/update", "job.api/assign", "job.api/get", "time.api/add", "job.api", "time.api")
FEW, MANY, STEPS = 5, 60, 12


@pytest.mark.parametrize("seed", deep_but({10}, range(100)))
def test_ten_jobs_with_faults_of_every_kind_lose_nothing(sqlite_desk: Desk, seed: int) -> None:
    desk, dice = sqlite_desk, Random(seed)
    lives = [Life.of(desk, number) for number in desk.some_jobs(AT_ONCE)]
    times = 0
    for _ in range(2):
        for life in lives:
            for _ in range(dice.randint(1, 2)):
                deed = dice.choice((life.type_in_fyi, life.type_in_fyi, life.type_in_xpm, life.decide))
                deed(dice.choice(FIELDS[:2]), dice)
            dice.choice((life.type_in_fyi, life.type_in_xpm))(dice.choice(FIELDS[2:]), dice)
        times += _record_time(desk, dice)
        for _ in range(6):
            fault = dict(dice.choice(FAULTS))
            desk.house.order(
                fault.pop("kind"), dice.choice(PATHS), times=dice.randint(1, 3), after=dice.randrange(8), **fault
            )
        push(desk)
        if dice.random() < 0.6:
            with suppress(XeroError):  # a fault that no push met yet may strike
                desk.house.sync(Entity.JOBS, dice.choice((SyncMode.FULL, SyncMode.CHANGES)))
    _assert_nothing_lost(desk, lives, times)


@pytest.mark.parametrize("examples", deep_but({FEW}, (FEW, MANY)))
def test_no_edit_vanishes_whatever_happens_in_whatever_order(sqlite_desk: Desk, examples: int) -> None:
    numbers = iter(sqlite_desk.some_jobs(AT_ONCE) * 100)

    class OneJob(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.life = Life.of(sqlite_desk, next(numbers))

        @rule(name=st.sampled_from(FIELDS), dice=st.randoms(use_true_random=False))
        def somebody_types_in_fyi(self, name: str, dice: Random) -> None:
            self.life.type_in_fyi(name, dice)

        @rule(name=st.sampled_from(FIELDS), dice=st.randoms(use_true_random=False))
        def somebody_types_in_xpm(self, name: str, dice: Random) -> None:
            self.life.type_in_xpm(name, dice)

        @rule(name=st.sampled_from(FIELDS), dice=st.randoms(use_true_random=False))
        def somebody_decides(self, name: str, dice: Random) -> None:
            self.life.decide(name, dice)

        @rule(entity=st.sampled_from([Entity.JOBS, Entity.CUSTOM_FIELDS]))
        def pull(self, entity: Entity) -> None:
            sqlite_desk.house.sync(entity, trigger=SyncTrigger.OVERNIGHT)

        @rule(fault=st.sampled_from((None, *FAULTS)), path=st.sampled_from(PATHS), after=st.integers(0, 3))
        def push(self, fault: dict[str, Any] | None, path: str, after: int) -> None:
            if fault:
                details = {name: value for name, value in fault.items() if name != "kind"}
                sqlite_desk.house.order(str(fault["kind"]), path, after=after, **details)
            push(sqlite_desk)
            sqlite_desk.house.calm()

        @rule(name=st.sampled_from(FIELDS), path=st.sampled_from(PATHS[:2]), dice=st.randoms(use_true_random=False))
        def somebody_types_in_xpm_during_a_push(self, name: str, path: str, dice: Random) -> None:
            self.life.type_in_xpm_during_a_push(name, path, dice)
            sqlite_desk.house.calm()

        @rule(are_fyis=st.booleans())
        def somebody_chooses_whose_custom_fields_win(self, *, are_fyis: bool) -> None:
            self.life.choose_whose_custom_fields_win(are_fyis=are_fyis)

        @rule(step=st.sampled_from((Step.BEFORE_COMMIT, Step.AFTER_COMMIT)), at=st.integers(1, 20))
        def a_push_is_killed(self, step: Step, at: int) -> None:
            is_killed_at(sqlite_desk.house.integration.settings, step, at)

        def teardown(self) -> None:
            calm_down(sqlite_desk)
            self.life.assert_kept()
            settle_conflicts(sqlite_desk)
            self.life.choose_whose_custom_fields_win(are_fyis=False)

    few = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(OneJob, settings=few)


def _record_time(desk: Desk, dice: Random) -> int:
    count = dice.randrange(3)
    for _ in range(count):  # equal entries are the hard ones
        job, staff, task = desk.assignment()
        add_time(desk.house.integration, SLUG, TimeAsk(job, staff, task, "2026-11-20", 30), Editor(desk.person))
    return count


def _assert_nothing_lost(desk: Desk, lives: list[Life], times: int) -> None:
    calm_down(desk)
    for life in lives:
        life.assert_kept()
    assert len(desk.times_in_xpm()) == times
    _assert_calls_tell_the_truth(desk)
    desk.house.sync(Entity.JOBS)
    for life in lives:
        life.assert_kept()
    assert {edit.state for edit in desk.open_edits()} <= {EditState.CONFLICT}


def _assert_calls_tell_the_truth(desk: Desk) -> None:
    """Each write that XPM applied is a call of ours, made once, which counts as done."""
    applied = Counter(write.body_sha256 for write in desk.writes())
    ignored = Counter(write.body_sha256 for write in desk.ignored_writes())
    calls = [(row["body_digest"], row["outcome"]) for row in desk.house.rows("push_call")]
    done = Counter(digest for digest, outcome in calls if outcome is CallOutcome.DONE)
    open_ended = Counter(digest for digest, outcome in calls if outcome in (None, CallOutcome.UNKNOWN))
    assert not done - applied - ignored
    assert not applied - done - open_ended
