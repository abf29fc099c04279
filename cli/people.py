"""`fyi-xpm user`: the people of a practice in FYI."""

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel, ConfigDict

from cli.answers import answer
from cli.installation import installation
from cli.recording import changed
from cli.terminal import WholeTable, say, terminal
from xpm.store import people
from xpm.store.errors import AlreadyThere
from xpm.words import stop


class User(BaseModel):
    """A person of a practice."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    email: str
    name: str
    is_admin: bool
    is_active: bool
    leaving_on: date | None


def add_user(practice: str, email: str, name: str, leaving_on: date | None, *, is_admin: bool) -> None:
    """Add a person to a practice."""
    with installation() as opened:
        opened.practice(practice)
        changed(None, {"is_admin": is_admin, "leaving_on": f"{leaving_on}" if leaving_on else None})
        with opened.database.write() as session:
            try:
                people.add(session, practice, email, name, is_admin=is_admin, leaving_on=leaving_on)
            except AlreadyThere:
                raise stop("operator.user_there", practice=practice, email=email) from None
    say(f"Added {name}.")


def list_users(practice: str, *, as_json: bool) -> None:
    """List the people of a practice."""
    with installation() as opened:
        opened.practice(practice)
        with opened.database.read() as session:
            known = [User.model_validate(one) for one in people.of(session, practice)]
    nobody = f"{practice} has nobody yet. Add somebody with: fyi-xpm user add {practice} EMAIL --name NAME"
    answer(known, lambda shown: _show(shown) if shown else say(nobody), as_json=as_json)


def _show(known: Sequence[User]) -> None:
    table = WholeTable("Email", "Name", "FYI Admin", "Active", "Leaving")
    for user in known:
        leaving = f"{user.leaving_on}" if user.leaving_on else ""
        table.add_row(user.email, user.name, _yes(user.is_admin), _yes(user.is_active), leaving)
    terminal().print(table)


def _yes(value: bool, /) -> str:
    return "yes" if value else "no"
