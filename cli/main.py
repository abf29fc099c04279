"""The `fyi-xpm` command: every subcommand, and how errors leave it.

Exit codes: 0 done, 1 a run ended with something to look at, 2 it could not be started (bad input, missing key, no
database, Prefect does not answer), 130 stopped with Ctrl-C.
"""

import sys
from collections.abc import Sequence
from typing import NoReturn

import typer

from cli import (
    attention,
    deploying,
    disconnecting,
    doctor,
    histories,
    keys,
    people,
    practices,
    quarantine,
    reverting,
    running,
    runs,
    serving,
    showing,
    staff,
    usage,
)
from cli.demo.command import demo
from cli.refusals import refusal
from cli.terminal import terminal

NOT_STARTED = 2
HELP = """
The reconnect-and-resync runbook between FYI and Xero Practice Manager.

To see it work on this machine, run `fyi-xpm demo`. To set it up: `fyi-xpm migrate`, `fyi-xpm practice add`,
`fyi-xpm user add`, `fyi-xpm deploy`, then `fyi-xpm doctor`, which says what is still missing.
"""

app = typer.Typer(
    help=HELP, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, rich_markup_mode="markdown"
)
EVERY_DAY, SETTING_UP, TRYING = "Every day", "Setting up", "Trying it out"

app.command("status", rich_help_panel=EVERY_DAY)(showing.status)
app.command("activity", rich_help_panel=EVERY_DAY)(showing.activity)
app.command("attention", rich_help_panel=EVERY_DAY)(attention.attention)
app.command("reconnect", rich_help_panel=EVERY_DAY)(running.reconnect)
app.command("sync", rich_help_panel=EVERY_DAY)(running.sync)
app.command("runs", rich_help_panel=EVERY_DAY)(runs.runs)
app.command("revert", rich_help_panel=EVERY_DAY)(reverting.revert)
app.command("history", rich_help_panel=EVERY_DAY)(histories.history)
app.add_typer(
    staff.app, name="staff", help="List staff from XPM, and accept them as active in FYI.", rich_help_panel=EVERY_DAY
)
app.add_typer(
    quarantine.app,
    name="quarantine",
    help="List records that could not be read, and read them again after a fix.",
    rich_help_panel=EVERY_DAY,
)
app.command("disconnect", rich_help_panel=EVERY_DAY)(disconnecting.disconnect)
app.command("usage", rich_help_panel=EVERY_DAY)(usage.usage)
app.command("doctor", rich_help_panel=EVERY_DAY)(doctor.doctor)
app.command("migrate", rich_help_panel=SETTING_UP)(deploying.migrate)
app.add_typer(practices.app, name="practice", help="Add, list and set practices.", rich_help_panel=SETTING_UP)
app.add_typer(people.app, name="user", help="Add and list the people of a practice.", rich_help_panel=SETTING_UP)
app.add_typer(keys.app, name="keys", help="Make and change encryption keys.", rich_help_panel=SETTING_UP)
app.command("deploy", rich_help_panel=SETTING_UP)(deploying.deploy)
app.command("console", rich_help_panel=SETTING_UP)(serving.console)
app.command("demo", rich_help_panel=TRYING)(demo)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command; what an operator can put right is said in one line, without a traceback."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        _require_text(given)
        code = app(given, prog_name="fyi-xpm", standalone_mode=False)
    except Exception as error:
        said = refusal(error)
        if said is None:
            raise
        if said:  # a group without a command has printed its help
            terminal(errors=True).print(said, style="red", soft_wrap=True)
        sys.exit(NOT_STARTED)
    sys.exit(code)


def _require_text(arguments: Sequence[str]) -> None:
    """Refuse what a terminal with another encoding sent: Python hands such bytes on as what no database keeps."""
    for given in arguments:
        if any("\ud800" <= sign <= "\udfff" for sign in given):
            raise typer.BadParameter(f"{given!a} is not text in UTF-8.")


if __name__ == "__main__":
    main()
