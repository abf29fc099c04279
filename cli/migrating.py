"""`fyi-xpm migrate`: bringing the database in step with this version."""

from cli.progress import progress
from cli.terminal import say
from xpm.integration import Integration


def migrate() -> None:
    """Bring the database to the newest schema."""
    with Integration.opened() as integration, progress("Bringing the database to the newest schema"):
        integration.database.migrate()
    say("The database is up to date.")
