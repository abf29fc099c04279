"""`fyi-xpm disconnect`: end a practice's connection on purpose."""

import typer

from cli.integration import integration
from cli.recording import cancelled
from cli.terminal import say
from xpm.account.disconnect import DisconnectPlan, plan_disconnect
from xpm.account.disconnect import disconnect as end_connection
from xpm.words import message, stop
from xpm.xero.printable import printable


def disconnect(practice: str, person: str | None, *, yes: bool) -> None:
    """Disconnect a practice from Xero Practice Manager, after asking unless `yes`."""
    with integration() as opened:
        plan = plan_disconnect(opened, practice)
        if not yes and not _confirmed(plan):
            kept = message("disconnect.kept", practice=plan.practice_name)
            cancelled(kept.key)
            say(kept.text)
            return
        say(end_connection(opened, plan, person).text)


def _confirmed(plan: DisconnectPlan) -> bool:
    """Ask for confirmation, naming the practice and the account.

    Raises:
        Stopped: nobody is there to answer, or Ctrl-C.
    """
    asked = message("disconnect.asked", practice=plan.practice_name, tenant=plan.tenant_name)
    try:
        return typer.confirm(printable(f"{asked.cause} {asked.title}"))
    except typer.Abort:
        raise stop("disconnect.unanswered", practice=plan.practice_name) from None
