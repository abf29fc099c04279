"""`fyi-xpm migrate`: bringing the database in step with this version."""

from cli.progress import progress
from cli.terminal import say
from xpm.installation import Installation


def migrate() -> None:
    """Bring the database to the newest schema."""
    with Installation.opened() as opened, progress("Bringing the database to the newest schema"):
        opened.database.migrate()
    say("The database is up to date.")
