"""`fyi-xpm disconnect`: end a practice's connection on purpose."""

from typing import Annotated

import typer

from cli import arguments
from cli.arguments import KnownPractice
from cli.installation import installation
from cli.terminal import say
from xpm.connection.disconnect import disconnect as end_connection
from xpm.connection.disconnect import leaving
from xpm.words import message


def disconnect(
    practice: KnownPractice,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether this is meant.")] = False,
    person: Annotated[
        str | None,
        typer.Option(
            parser=arguments.email,
            metavar="EMAIL",
            help="Your address in FYI, for Practice Activity.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Disconnect a practice from Xero Practice Manager.

    Nothing is synchronised from then on. Its records stay, and a later reconnect to the same account goes on with them.
    """
    with installation() as integration:
        going = leaving(integration, practice)
        asked = message("disconnect.asked", practice=going.practice_name, tenant=going.tenant_name)
        if not yes and not typer.confirm(f"{asked.cause} {asked.title}"):
            say(message("disconnect.kept", practice=going.practice_name).text)
            return
        say(end_connection(integration, going, person).text)
