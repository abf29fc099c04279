"""The commands for practices and their people."""

from datetime import date
from typing import Annotated

import typer

from cli import arguments
from cli.acts import acts
from cli.arguments import AsJson, KnownPractice, WhoAsks
from xpm.store.vocabulary import Action

PRACTICE_EXAMPLE = (
    'Example: `fyi-xpm practice add harbour-vale --name "Harbour & Vale" --country NZ --time-zone Pacific/Auckland`'
)
USER_EXAMPLE = 'Example: `fyi-xpm user add harbour-vale mere.tane@harbourvale.example --name "Mere Tāne" --admin`'

NOTIFY_EXAMPLE = "Example: `fyi-xpm practice notify harbour-vale --add mere.tane@harbourvale.example`"

practice = typer.Typer(no_args_is_help=True)
user = typer.Typer(no_args_is_help=True)


@practice.command("add", epilog=PRACTICE_EXAMPLE)
@acts(Action.ADD_PRACTICE, "name")
def add_practice(
    slug: Annotated[
        str, typer.Argument(parser=arguments.new_slug, metavar="PRACTICE", help="A short name, used everywhere.")
    ],
    name: Annotated[str, typer.Option(parser=arguments.name, metavar="NAME", help="The practice's name.")],
    country: Annotated[
        str,
        typer.Option(
            parser=arguments.country, metavar="COUNTRY", help="AU, NZ, GB …: only AU and NZ have tax returns."
        ),
    ] = "AU",
    time_zone: Annotated[
        str,
        typer.Option(parser=arguments.time_zone, metavar="ZONE", help="The nightly sync starts by this clock."),
    ] = "Australia/Sydney",
    history_start: Annotated[
        date | None,
        typer.Option(
            parser=arguments.first_day,
            metavar="YYYY-MM-DD",
            help="First day of the jobs to read.",
            show_default="7 years ago",
        ),
    ] = None,
) -> None:
    """Add a practice. Run `fyi-xpm deploy` afterwards to schedule its nightly sync."""
    from cli import practices

    practices.add_practice(slug, name, country, time_zone, history_start)


@practice.command("set")
@acts(Action.CHANGE_SETTINGS)
def set_practice(
    practice: KnownPractice,
    include_archived_clients: Annotated[
        bool,
        typer.Option(
            "--include-archived-clients/--leave-out-archived-clients",
            help="Whether a full sync brings clients that were archived before FYI knew them.",
            show_default=False,
        ),
    ],
    person: WhoAsks = None,
) -> None:
    """Change a setting of a practice. The other settings are on the console's Apps page."""
    from cli import practices

    practices.set_practice(practice, person, include_archived_clients=include_archived_clients)


@practice.command("notify", epilog=NOTIFY_EXAMPLE)
@acts(Action.CHANGE_NEWS, "add", "remove", "webhook")
def notify(
    practice: KnownPractice,
    add: Annotated[
        list[str] | None,
        typer.Option(parser=arguments.email, metavar="EMAIL", help="Tell this person by email; repeatable."),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option(parser=arguments.email, metavar="EMAIL", help="Tell this person no longer; repeatable."),
    ] = None,
    webhook: Annotated[
        bool | None,
        typer.Option(
            "--webhook/--no-webhook",
            help="Tell a webhook, or no longer. You are asked for its address, which is a secret.",
            show_default=False,
        ),
    ] = None,
    person: WhoAsks = None,
) -> None:
    """Choose who is told of a practice's troubles: once when one begins, and once when it is over."""
    from cli import news

    if not (add or remove) and webhook is None:
        raise typer.BadParameter("say whom to --add or --remove, or --webhook or --no-webhook.")
    news.notify(practice, add or (), remove or (), webhook=webhook, person=person)


@practice.command("news")
def show_news(practice: KnownPractice, *, as_json: AsJson = False) -> None:
    """Show who is told of a practice's troubles, and which are not over."""
    from cli import news

    news.show_news(practice, as_json=as_json)


@practice.command("list")
def list_practices(*, as_json: AsJson = False) -> None:
    """List the practices and the state of their connections."""
    from cli import practices

    practices.list_practices(as_json=as_json)


@user.command("add", epilog=USER_EXAMPLE)
@acts(Action.ADD_USER, "email")
def add_user(
    practice: KnownPractice,
    email: Annotated[
        str,
        typer.Argument(parser=arguments.email, metavar="EMAIL", help="The person's address in FYI and in Xero."),
    ],
    name: Annotated[str, typer.Option(parser=arguments.name, metavar="NAME", help="The person's name.")],
    admin: Annotated[bool, typer.Option("--admin", help="Make them an FYI Admin; only Admins may reconnect.")] = False,
    leaving_on: Annotated[
        date | None,
        typer.Option(parser=arguments.day, metavar="YYYY-MM-DD", help="Their last day, if they are leaving."),
    ] = None,
) -> None:
    """Add a person to a practice."""
    from cli import people

    people.add_user(practice, email, name, leaving_on, is_admin=admin)


@user.command("list")
def list_users(practice: KnownPractice, *, as_json: AsJson = False) -> None:
    """List the people of a practice."""
    from cli import people

    people.list_users(practice, as_json=as_json)
