"""`fyi-xpm staff`: who came from XPM, and who of them may work in FYI."""

from rich.table import Table

from cli.installation import installation
from cli.terminal import say, terminal
from xpm.activity import acceptance
from xpm.words import message


def list_staff(practice: str) -> None:
    """List the staff that came from XPM, with their status in FYI: they arrive inactive."""
    with installation() as integration:
        name = integration.practice(practice).name
        known = acceptance.staff_of(integration, practice)
    table = Table("Name", "Email", "Status", "Id")
    for one in known:
        table.add_row(one.name or "", one.email or "", one.fyi_status, one.uuid)
    if known:
        terminal().print(table)
    else:
        say(message("staff.nobody", practice=name, slug=practice).text)


def accept_staff(practice: str, staff: str, person: str | None) -> None:
    """Make a staff member active in FYI. It stands in the history; later syncs leave it."""
    with installation() as integration:
        say(acceptance.accept(integration, practice, staff, person).text)
