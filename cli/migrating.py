"""`fyi-xpm migrate`: bringing the database in step with this version."""

from cli.progress import progress
from cli.terminal import say
from xpm.installation import Installation
from xpm.store.engine.database import Schema


def migrate() -> None:
    """Bring the database to the newest schema. Raises WrongSchema if a later version made it."""
    with Installation.opened_to_migrate() as opened, progress("Bringing the database to the newest schema"):
        if opened.database.schema() is Schema.NEWER:
            opened.require_schema()
        opened.database.migrate()
    say("The database is up to date.")
