"""The commands for the tokens by which programs of FYI use the API."""

from typing import Annotated

import typer

from cli import arguments
from cli.acts import acts
from cli.arguments import AsJson, KnownPractice
from xpm.store.vocabulary import Action

api_token = typer.Typer(no_args_is_help=True)

DAYS, MOST_DAYS = 365, 730


@api_token.command("make")
@acts(Action.MAKE_API_TOKEN, "name", "read_only")
def make_token(
    practice: KnownPractice,
    name: Annotated[
        str,
        typer.Option(parser=arguments.name, metavar="NAME", help="The program that gets it."),
    ],
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="How many days it lets in.")] = DAYS,
    *,
    read_only: Annotated[bool, typer.Option("--read-only", help="Let it look only.")] = False,
) -> None:
    """Make a token for a program of FYI, and print it. It is shown this once, and lets in to this practice only."""
    from cli.api_tokens import make_token

    make_token(practice, name, days, may_edit=not read_only)


@api_token.command("list")
def list_tokens(practice: KnownPractice, *, as_json: AsJson = False) -> None:
    """List a practice's tokens: what each may do, until when, and when it was last used."""
    from cli.api_tokens import list_tokens

    list_tokens(practice, as_json=as_json)


@api_token.command("revoke")
@acts(Action.REVOKE_API_TOKEN, "token")
def revoke_token(
    practice: KnownPractice,
    token: Annotated[str, typer.Argument(metavar="NAME_OR_ID", help="As `fyi-xpm api-token list` shows it.")],
) -> None:
    """Let nobody in with a token any more, from now on."""
    from cli.api_tokens import revoke_token

    revoke_token(practice, token)
