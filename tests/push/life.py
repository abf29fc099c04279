"""The life of one job that people edit on both sides, with a model of what each of them may expect in the end."""

from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from sandbox.accounts import edits as xpm_edits
from tests.pull.house import SCOPE, SLUG
from tests.push.desk import Desk
from xpm.entities.names import Noun
from xpm.push.deciding import Decision, Verdict, decide
from xpm.push.placing import current
from xpm.store.push import edits
from xpm.store.push.edits import Place
from xpm.store.records.kinds import JOB_CUSTOM_FIELDS, JOBS
from xpm.store.tables import PendingEdit
from xpm.store.vocabulary import EditState
from xpm.xero.errors import XeroError

REMARK = "Reviewer's remark"
FIELDS = ("name", "description", "manager", REMARK)
"""One field, or two, of each way to XPM that takes any value."""

_NUMBERS = count(1)
"""So that no two texts are ever equal: a value that comes back is the end of a conflict."""

ELEMENTS = {"name": "Name", "description": "Description"}

FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "lost_answer"},
    {"kind": "reset"},
    {"kind": "status", "status": 500},
    {"kind": "status_after", "status": 500},
    {"kind": "status_after", "status": 504},
    {"kind": "error_body", "description": "That will not do"},
    {"kind": "limit", "problem": "minute"},
    {"kind": "status", "status": 409},
    {"kind": "ok_but_ignored"},
)
"""What may go wrong with a write."""


@dataclass
class Life:
    """One job. Nothing that somebody typed on either side is ever replaced unless its replacer had seen it.

    `typed` holds the last value that somebody typed in FYI, by field, unless it was given up or XPM has a newer one;
    `theirs` what somebody typed in XPM, unless somebody in FYI saw it before they typed or decided.
    """

    desk: Desk
    number: str
    key: str
    remark: str  # the UUID of the custom field
    staff: dict[str, str]  # email addresses by UUID
    typed: dict[str, str] = field(default_factory=dict)
    theirs: dict[str, str] = field(default_factory=dict)
    has_fyi_won: bool = False  # by rule, without asking anybody

    @classmethod
    def of(cls, desk: Desk, number: str) -> "Life":
        """The life of this job from now on."""
        staff = {one.uuid: one.email for one in desk.staff() if one.email}
        return cls(desk, number, desk.house.key_of(number), desk.custom_field(REMARK), staff)

    def type_in_fyi(self, name: str, dice: Random) -> None:
        """Somebody in FYI types a new value."""
        value = self._new(name, dice)
        if self.in_fyi(name) == self.theirs.get(name):
            self.theirs.pop(name, None)
        self.typed[name] = value
        self.desk.edit(Noun.JOB, self.number, **{name: self.staff.get(value, value)})

    def type_in_xpm(self, name: str, dice: Random) -> None:
        """Somebody in XPM types a new value."""
        value = self._new(name, dice)
        xpm_edits.change(self.desk.house.xpm, *self._change(name, value))
        self._xpm_has(name, value)

    def type_in_xpm_during_a_push(self, name: str, path: str, dice: Random) -> None:
        """Somebody in XPM types a new value between our look and our write.

        Such a write goes over their value if it is of the same field or, for XPM takes the details of a job only as a
        whole, of another detail. Nobody can see that, so nothing is expected of it then.
        """
        value = self._new(name, dice)
        entity, key, fields = self._change(name, value)
        self.desk.house.order("edit_between", path, entity=entity, key=key, fields=fields)
        push(self.desk)
        if self.in_xpm(name) == value:
            self._xpm_has(name, value)

    def choose_whose_custom_fields_win(self, *, are_fyis: bool) -> None:
        """Somebody turns *Sync Custom Fields From XPM* Off, or On."""
        self.desk.house.change_settings(sync_custom_fields=not are_fyis)
        self.has_fyi_won |= are_fyis

    def decide(self, name: str, dice: Random) -> None:
        """Somebody decides about the field, if there is something to decide."""
        edit = self.open_edit(name)
        if edit is None or edit.state is EditState.SENDING:
            return
        verdict: Verdict = dice.choice(VERDICTS[edit.state])
        if verdict is Decision.keep and edit.theirs == self.theirs.get(name):
            self.theirs.pop(name, None)
        if verdict in (Decision.take, Decision.withdraw):
            self.typed.pop(name, None)
        decide(self.desk.house.integration, SLUG, verdict, [edit.id or 0], self.desk.person)

    def in_fyi(self, name: str) -> str | None:
        """What FYI has."""
        with self.desk.house.database.read() as session:
            return current(session, SCOPE, self._place(name))

    def in_xpm(self, name: str) -> str | None:
        """What XPM has."""
        if name == REMARK:
            return self.desk.values_in_xpm(self.number).get(REMARK)
        job = self.desk.job_in_xpm(self.number)
        value = (job["Manager"] or {}).get("UUID") if name == "manager" else job[ELEMENTS[name]]
        return None if value is None else str(value)

    def open_edit(self, name: str) -> PendingEdit | None:
        """The edit of this field that is not over."""
        place = self._place(name)
        found = (one for one in self.desk.open_edits() if (one.record_key, one.field) == (self.key, place.field))
        return next(found, None)

    def assert_kept(self) -> None:
        """Every field is FYI's, XPM's or in the inbox, and nobody's value was replaced unseen."""
        for name in FIELDS:
            edit, fyi, xpm = self.open_edit(name), self.in_fyi(name), self.in_xpm(name)
            said = f"{name} of {self.number}: FYI {fyi}, XPM {xpm}, {edit!r}, {self.typed=}, {self.theirs=}"
            assert edit is None or edit.state is EditState.CONFLICT, said
            assert fyi == self.typed.get(name, fyi), said
            assert xpm == self.theirs.get(name, xpm) or self._is_in_history(name), said
            assert edit is not None or name not in self.typed or xpm == fyi, said

    def _xpm_has(self, name: str, value: str) -> None:
        if self.open_edit(name) is None:
            self.typed.pop(name, None)  # XPM has had it, and has a newer value now
        self.theirs[name] = value

    def _change(self, name: str, value: str) -> tuple[str, str, dict[str, Any]]:
        """What the sandbox is told for somebody in XPM to type this value."""
        if name == REMARK:
            return "custom_field_values", self.number, {"values": [{"UUID": self.remark, "Text": value}]}
        if name == "manager":
            return "jobs", self.number, {"Manager": {"UUID": value, "Name": "Somebody"}}
        return "jobs", self.number, {ELEMENTS[name]: value}

    def _is_in_history(self, name: str) -> bool:
        """Whether FYI's value replaced XPM's by rule, and XPM's is kept with the edit."""
        if name != REMARK or not self.has_fyi_won:
            return False
        with self.desk.house.database.read() as session:
            done = edits.every(session, SCOPE, (EditState.CONFIRMED,))
        place = self._place(name)
        return any(
            (one.record_key, one.field, one.theirs) == (place.key, place.field, self.theirs[name]) for one in done
        )

    def _place(self, name: str) -> Place:
        if name == REMARK:
            return Place(JOB_CUSTOM_FIELDS.name, self.key, self.remark)
        return Place(JOBS.name, self.key, "manager_uuid" if name == "manager" else name)

    def _new(self, name: str, dice: Random) -> str:
        """A value that the field has on no side, and never had if it is a text."""
        if name == "manager":
            taken = {self.in_fyi(name), self.in_xpm(name), self.theirs.get(name)}
            edit = self.open_edit(name)
            taken |= {edit.base, edit.ours, edit.theirs} if edit else set()
            return dice.choice(sorted(self.staff.keys() - taken))
        return f"{name} {next(_NUMBERS)} of {self.number}"


VERDICTS: dict[EditState, tuple[Verdict, ...]] = {
    EditState.CONFLICT: (Decision.keep, Decision.take),
    EditState.REFUSED: (Decision.try_again, Decision.withdraw),
    EditState.QUEUED: (Decision.withdraw,),
}


def push(desk: Desk) -> None:
    """Send what waits, as far as Xero lets it."""
    try:
        desk.push()
    except XeroError:
        return


def calm_down(desk: Desk) -> None:
    """Xero works again, and people try again what it refused, until nothing can be sent any more."""
    desk.house.calm()
    for _ in range(3):
        refused = [one.id or 0 for one in desk.open_edits() if one.state is EditState.REFUSED]
        decide(desk.house.integration, SLUG, Decision.try_again, refused, desk.person)
        desk.push()


def settle_conflicts(desk: Desk) -> None:
    """Somebody takes XPM's value wherever both sides changed."""
    waiting = [one.id or 0 for one in desk.open_edits() if one.state is EditState.CONFLICT]
    decide(desk.house.integration, SLUG, Decision.take, waiting, desk.person)
