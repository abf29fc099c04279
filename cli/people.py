"""`fyi-xpm user`: the people of a practice in FYI."""

from datetime import date

from rich.table import Table

from cli.installation import installation
from cli.terminal import say, terminal
from xpm.store import people
from xpm.store.errors import AlreadyThere
from xpm.words import stop


def add_user(practice: str, email: str, name: str, leaving_on: date | None, *, is_admin: bool) -> None:
    """Add a person to a practice."""
    with installation() as integration:
        integration.practice(practice)
        with integration.database.write() as session:
            try:
                people.add(session, practice, email, name, is_admin=is_admin, leaving_on=leaving_on)
            except AlreadyThere:
                raise stop("operator.user_there", practice=practice, email=email) from None
    say(f"Added {name}.")


def list_users(practice: str) -> None:
    """List the people of a practice."""
    table = Table("Email", "Name", "FYI Admin", "Active", "Leaving")
    with installation() as integration:
        integration.practice(practice)
        with integration.database.read() as session:
            known = people.of(session, practice)
    for user in known:
        leaving = f"{user.leaving_on}" if user.leaving_on else ""
        table.add_row(user.email, user.name, _yes(user.is_admin), _yes(user.is_active), leaving)
    if known:
        terminal().print(table)
    else:
        say(f"{practice} has nobody yet. Add somebody with: fyi-xpm user add {practice} EMAIL --name NAME")


def _yes(value: bool, /) -> str:
    return "yes" if value else "no"
