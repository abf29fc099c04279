"""The rules by which one practice, or XPM itself, refuses a write. Tests and the control API set them."""

from __future__ import annotations

import json
from datetime import date
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from sandbox.generator.names import STATES


class BadRule(ValueError):
    """A rule is unknown or its value is wrong; the message says which."""


class PracticeState(BaseModel):
    """What a practice means by one state code."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    """The display name, as jobs show it."""
    closed: bool = False
    """Whether the job is finished: it leaves `job.api/current` and has a CompletedDate."""


def _generated_states() -> dict[str, PracticeState]:
    return {"".join(name.upper().split()): PracticeState(name=name, closed=not current) for name, current in STATES}


class PracticeRules(BaseModel):
    """The rules of one practice. Where Xero documents nothing, the rule is a switch."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    state_codes: dict[str, PracticeState] = _generated_states()
    """The state of each code that `job.api/state` takes. By default the code is the name in capitals without spaces."""
    wip_lock_date: date | None = None
    """Time on this day or before can be neither added, changed nor deleted."""
    closed_jobs_refuse: list[Literal["time", "cost"]] = ["time"]
    """What cannot be recorded on a closed job."""
    closed_jobs_refuse_updates: bool = False
    """Whether `job.api/update` is refused on a closed job."""
    time_needs_assignment: bool = True
    """Whether time is refused of staff who are assigned neither to the job nor to the task."""
    options_checked: bool = True
    """Whether a dropdown takes only its options."""
    omitted: Literal["kept", "cleared"] = "kept"
    """What an update does to the elements that it could have named and did not."""
    custom_fields_touch_modified: bool = False
    """Whether writing custom-field values sets the client's modified time."""
    state_answers_job: bool = False
    """Whether `job.api/state` answers with the job; recorded answers have the status alone."""

    def changed(self, rules: dict[str, Any]) -> PracticeRules:
        """Return these rules with some of them replaced; `rules` holds them as JSON writes them.

        Raises:
            BadRule: an unknown rule or a wrong value.
        """
        try:
            return type(self).model_validate_json(json.dumps(self.model_dump(mode="json") | rules))
        except ValidationError as problem:
            first = problem.errors()[0]
            raise BadRule(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from problem

    def is_closed(self, state: str | None) -> bool:
        """Whether a job in the state with that display name is finished. An unknown state is not."""
        return state in self._closed

    @cached_property
    def _closed(self) -> frozenset[str]:
        return frozenset(state.name for state in self.state_codes.values() if state.closed)
