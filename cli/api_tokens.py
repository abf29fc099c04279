"""`fyi-xpm api-token`: the tokens by which programs of FYI use the API."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from pydantic import BaseModel, ConfigDict

from cli.answers import answer
from cli.installation import installation
from cli.recording import account
from cli.terminal import WholeTable, say, terminal
from xpm.access import tokens
from xpm.store.access.tokens import id_of
from xpm.words import message


class ShownToken(BaseModel):
    """A token without what lets in. `id` is what the audit trail calls it."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: str
    name: str
    may_edit: bool
    made_by: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_on: date | None


def make_token(practice: str, name: str, days: int, *, may_edit: bool) -> None:
    """Make a token and print it alone, so that a script can take it."""
    with installation() as opened:
        made = tokens.make(opened, practice, name, may_edit=may_edit, days=days, made_by=account().name)
    print(made.secret.get_secret_value())


def list_tokens(practice: str, *, as_json: bool) -> None:
    """List a practice's tokens."""
    with installation() as opened:
        name, now = opened.practice(practice).name, opened.clock()
        found = [
            ShownToken(id=id_of(one), **one.model_dump(exclude={"digest", "practice"}))
            for one in tokens.of_practice(opened, practice)
        ]
    none = message("api.no_tokens", practice=name, slug=practice).text
    answer(found, lambda shown: _show(shown, now) if shown else say(none), as_json=as_json)


def revoke_token(practice: str, token: str) -> None:
    """Revoke a token."""
    with installation() as opened:
        name = tokens.revoke(opened, practice, token)
    say(message("api.token_revoked", name=name).text)


def _show(found: Sequence[ShownToken], now: datetime) -> None:
    table = WholeTable("Name", "May", "Lets in until (UTC)", "Last used", "Made by", "Id")
    for one in found:
        may, used = "edit" if one.may_edit else "read", f"{one.last_used_on:%d %b %Y}" if one.last_used_on else "never"
        table.add_row(one.name, may, _until(one, now), used, one.made_by, one.id)
    terminal().print(table)


def _until(token: ShownToken, now: datetime) -> str:
    if token.revoked_at:
        return "revoked"
    return "expired" if token.expires_at <= now else f"{token.expires_at.astimezone(UTC):%d %b %Y}"
