"""The commands that set up an installation and keep it in step with this version, and the demo."""

from typing import Annotated

import typer

from cli.acts import acts
from cli.arguments import AsJson
from xpm.store.vocabulary import Action

keys = typer.Typer(no_args_is_help=True)
lease = typer.Typer(no_args_is_help=True)


@acts(Action.MIGRATE)
def migrate() -> None:
    """Bring the database to the newest schema. Safe to repeat; run it after every upgrade."""
    from cli import migrating

    migrating.migrate()


@acts(Action.DEPLOY)
def deploy() -> None:
    """Deploy the runbooks to Prefect and schedule every practice's nightly sync.

    Safe to repeat; run it after every upgrade, and after adding a practice.
    """
    from cli import deploying

    deploying.deploy()


def prefect_server() -> None:
    """Start the Prefect server, closed to everybody without its password.

    The password is made at the first start and kept in .xpm/prefect-auth-string, where the other programs find it. On
    another machine, copy that file or set PREFECT_API_AUTH_STRING. Prefect's own settings say where it listens.
    """
    from cli import serving

    serving.prefect_server()


def worker(context: typer.Context) -> None:
    """Start a worker, which carries out the runs. It sees only the part of the environment that a run needs.

    Options are handed to Prefect's command, such as --limit 4 or --name NAME.
    """
    from cli import serving

    serving.worker(context.args)


def console() -> None:
    """Start the console: Apps page, Practice Activity, and the page Xero sends administrators back to.

    It listens where XPM_CONSOLE_URL says, until Ctrl-C.
    """
    from cli import serving

    serving.console()


@acts(Action.MAKE_LOGIN_LINK, "email")
def login_link(email: Annotated[str, typer.Argument(help="Email address of an FYI user, or of an operator.")]) -> None:
    """Print a link that logs this person in to the console, once and within ten minutes.

    Give it to nobody else: whoever opens it first is that person.
    """
    from cli import logging_in

    logging_in.login_link(email)


@lease.command("list")
def list_leases(*, as_json: AsJson = False) -> None:
    """List what programs hold now, so that no second one does the same, and when each gave its last sign of life."""
    from cli import leases

    leases.list_leases(as_json=as_json)


@lease.command("break")
@acts(Action.BREAK_LEASE, "name")
def break_lease(
    name: Annotated[str, typer.Argument(help="As `fyi-xpm lease list` shows it.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Take a lease from its holder, who can write nothing more.

    Seldom needed: a lease whose holder was killed is free after a minute.
    """
    from cli import leases

    leases.break_lease(name, yes=yes)


@keys.command("new")
def new_key() -> None:
    """Print a new key. Put it first in XPM_ENCRYPTION_KEYS, before the older ones."""
    from cli import keys

    keys.new_key()


@keys.command("rotate")
@acts(Action.ROTATE_KEYS)
def rotate_keys(*, as_json: AsJson = False) -> None:
    """Encrypt everything stored with the newest key, while all programs keep working.

    First put the new key in front in XPM_ENCRYPTION_KEYS of every program and restart them. Keep the older keys until
    this command says that they can go.
    """
    from cli import keys

    keys.rotate_keys(as_json=as_json)


def demo(
    unattended: Annotated[
        bool, typer.Option("--unattended", help="A scripted administrator reconnects; ends with a report.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="How many jobs the sandbox's practice has.")] = 1200,
) -> None:
    """Try the runbook on this machine, with an invented practice that has to reconnect.

    Starts a sandbox that stands in for Xero, Prefect, a worker and the console, and keeps everything in .xpm/demo.
    """
    from cli.demo import command

    command.demo(jobs, unattended=unattended)
