"""`fyi-xpm staff`: the staff from XPM, and who of them may work in FYI."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from cli.answers import answer
from cli.installation import installation
from cli.terminal import WholeTable, say, terminal
from xpm.activity import acceptance
from xpm.store.vocabulary import FyiStatus
from xpm.words import message


class StaffMember(BaseModel):
    """A staff member that came from XPM."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    uuid: str
    name: str | None
    email: str | None
    fyi_status: FyiStatus


def list_staff(practice: str, *, as_json: bool) -> None:
    """List the staff that came from XPM, with their status in FYI."""
    with installation() as opened:
        name = opened.practice(practice).name
        known = [StaffMember.model_validate(one) for one in acceptance.staff_of(opened, practice)]
    nobody = message("staff.nobody", practice=name, slug=practice).text
    answer(known, lambda shown: _show(shown) if shown else say(nobody), as_json=as_json)


def accept_staff(practice: str, staff: str, person: str | None) -> None:
    """Make a staff member active in FYI."""
    with installation() as opened:
        say(acceptance.accept(opened, practice, staff, person).text)


def _show(known: Sequence[StaffMember]) -> None:
    table = WholeTable("Name", "Email", "Status", "Id")
    for one in known:
        table.add_row(one.name or "", one.email or "", one.fyi_status, one.uuid)
    terminal().print(table)
