"""The `fyi-xpm` command: every subcommand, and how errors leave it.

Exit codes: 0 done, 1 a run ended with something to look at, 2 it could not be started (bad input, missing key, no
database, Prefect does not answer), 130 stopped with Ctrl-C.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

import typer

from cli.commands import acting, api_tokens, auditing, editing, looking, practices, records, setting_up
from cli.commands.explaining import BELOW
from cli.terminal import terminal
from xpm import prefect_access

NOT_STARTED = 2
HELP = """
The reconnect-and-resync runbook between FYI and Xero Practice Manager.

To see it work on this machine, run `fyi-xpm demo`. To set it up: `fyi-xpm migrate`, `fyi-xpm practice add`,
`fyi-xpm user add`, `fyi-xpm prefect-server`, `fyi-xpm deploy`, `fyi-xpm worker`, `fyi-xpm console`, then
`fyi-xpm doctor`, which says what is still missing.
"""

app = typer.Typer(help=HELP, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="markdown")

EVERY_DAY: Mapping[str, Callable[..., None]] = {
    "status": looking.status,
    "activity": looking.activity,
    "attention": looking.attention,
    "reconnect": acting.reconnect,
    "sync": acting.sync,
    "edit": editing.edit,
    "edit-file": editing.edit_file,
    "push": editing.push,
    "runs": looking.runs,
    "revert": acting.revert,
    "history": looking.history,
    "disconnect": acting.disconnect,
    "usage": looking.usage,
    "doctor": looking.doctor,
}
SETTING_UP: Mapping[str, Callable[..., None]] = {
    "migrate": setting_up.migrate,
    "prefect-server": setting_up.prefect_server,
    "deploy": setting_up.deploy,
    "console": setting_up.console,
    "login-link": setting_up.login_link,
}
GROUPS = (
    ("edits", editing.edits, "Every day", "List what waits for Xero Practice Manager, and decide what cannot go on."),
    ("time", editing.time, "Every day", "Record time for jobs."),
    ("staff", records.staff, "Every day", "List staff from XPM, and accept them as active in FYI."),
    ("quarantine", records.quarantine, "Every day", "List records that could not be read, and read them again."),
    ("audit", auditing.audit, "Every day", "Show, check and export the trail of who did what."),
    ("practice", practices.practice, "Setting up", "Add, list and set practices."),
    ("user", practices.user, "Setting up", "Add and list the people of a practice."),
    ("states", editing.states, "Setting up", "List and set the codes of job states."),
    ("api-token", api_tokens.api_token, "Setting up", "Let programs of FYI in to a practice, and shut them out."),
    ("lease", setting_up.lease, "Setting up", "Show who holds what, and take it from a program that hangs."),
    ("keys", setting_up.keys, "Setting up", "Make and change encryption keys."),
)
PREFECTS_OPTIONS = {"allow_extra_args": True, "ignore_unknown_options": True}

for name, command in EVERY_DAY.items():
    app.command(name, rich_help_panel="Every day", epilog=BELOW.get(name))(command)
for name, command in SETTING_UP.items():
    app.command(name, rich_help_panel="Setting up")(command)
app.command("worker", rich_help_panel="Setting up", context_settings=PREFECTS_OPTIONS)(setting_up.worker)
for name, group, panel, says in GROUPS:
    app.add_typer(group, name=name, help=says, epilog=BELOW.get(name), rich_help_panel=panel)
app.command("demo", rich_help_panel="Trying it out")(setting_up.demo)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command. An error that an operator can fix is one line, without a traceback."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        _require_text(given)
        prefect_access.log_in()
        code = app(given, prog_name="fyi-xpm", standalone_mode=False)
    except Exception as error:
        said = _refusal(error)
        if said is None:
            raise
        if said:  # a group without a command has printed its help
            terminal(errors=True).print(said, style="red", soft_wrap=True)
        sys.exit(NOT_STARTED)
    sys.exit(code)


def _refusal(error: Exception) -> str | None:
    """What to tell the operator about an error, or None for one that only a traceback explains."""
    if isinstance(error, typer.TyperException):
        return " ".join(error.format_message().replace("Value error, ", "").split())  # pydantic's own prefix
    from cli.refusals import refusal  # noqa: PLC0415 - bad input is answered without it

    return refusal(error)


def _require_text(arguments: Sequence[str]) -> None:
    """Refuse bytes that are not UTF-8, which a terminal with another encoding sends and no database keeps."""
    for given in arguments:
        if any("\ud800" <= sign <= "\udfff" for sign in given):
            raise typer.BadParameter(f"{given!a} is not text in UTF-8.")


if __name__ == "__main__":
    main()
