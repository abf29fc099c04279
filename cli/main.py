"""The `fyi-xpm` command: every subcommand, and how errors leave it.

Exit codes: 0 done, 1 a run ended with something to look at, 2 it could not be started (bad input, missing key, no
database, Prefect does not answer).
"""

import sys

import httpx
import typer
from prefect.exceptions import ObjectNotFound
from rich.console import Console

from cli import deploying, doctor, people, practices, running, serving, showing
from cli.demo.command import demo
from xpm.store.errors import NoKeys, StoreError
from xpm.words import Stopped, message

NOT_STARTED = 2

app = typer.Typer(
    help="The reconnect-and-resync runbook between FYI and Xero Practice Manager.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("demo")(demo)
app.command("console")(serving.console)
app.command("status")(showing.status)
app.command("activity")(showing.activity)
app.command("reconnect")(running.reconnect)
app.command("sync")(running.sync)
app.command("doctor")(doctor.doctor)
app.command("migrate")(deploying.migrate)
app.command("deploy")(deploying.deploy)
app.add_typer(practices.app, name="practice", help="Practices and their settings.")
app.add_typer(people.app, name="user", help="The people of a practice in FYI.")


def main() -> None:
    """Run the command; what an operator can put right is said in one line, without a traceback."""
    try:
        app()
    except Stopped as stopped:
        _fail(stopped.message.text)
    except NoKeys as error:
        _fail(message("operator.no_key", reason=str(error)).text)
    except StoreError as error:
        _fail(message("operator.store", reason=str(error)).text)
    except ObjectNotFound:
        _fail(message("operator.not_deployed").text)
    except httpx.ConnectError:
        _fail(message("operator.prefect_silent").text)


def _fail(text: str) -> None:
    Console(stderr=True).print(text, style="red", highlight=False)
    sys.exit(NOT_STARTED)


if __name__ == "__main__":
    main()
