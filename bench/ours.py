"""The product's side: one full sync of a practice from the sandbox over HTTP, through the product's own code.

With `--first` it also creates the schema and connects the practice by a real consent, before timing starts.
"""

import argparse
import os
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from bench.measured import READERS_MIB, Counts, MeasurementFailed, say
from sandbox.browser import answer_consent
from sandbox.world import CLIENT_ID, CLIENT_SECRET, HARBOUR_NAME, HARBOUR_VALE, MERE
from xpm.account.choice import choose, offers
from xpm.account.confirmation import confirm
from xpm.account.reset import reset
from xpm.consent.callback import receive, start_login
from xpm.consent.invitation import invite
from xpm.consent.preflight import Person
from xpm.entities.names import Entity
from xpm.installation import Installation
from xpm.integration import Integration
from xpm.pull.pull import run_pull
from xpm.pull.reader import Process, end_spare_process
from xpm.pull.work import PullRequest
from xpm.settings import Settings
from xpm.store import people, practices
from xpm.store.records.changes import ChangeLog
from xpm.store.vocabulary import RunStatus, SyncMode, SyncTrigger

SLUG = "harbour-vale"
LONG_AGO = date(2019, 1, 1)  # before the sandbox's oldest job
PLENTY = 1_000_000  # calls per minute and per day, so that no sync waits for the budget


def main() -> None:
    """Sync the given entities and print what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("entities", nargs="+", type=Entity)
    parser.add_argument("--url", required=True, help="URL of the sandbox")
    parser.add_argument("--first", action="store_true", help="the database is new")
    parser.add_argument("--without-history", action="store_true")
    asked = parser.parse_args()
    if asked.without_history:
        switch_history_off()
    watch_readers()
    settings = _settings(asked.url, os.environ["XPM_DATABASE_URL"])
    if asked.first:
        with Installation.opened_to_migrate(settings) as new:
            new.database.migrate()
    with Integration.opened(settings) as integration:
        if asked.first:
            _connect(integration, _move_in(integration))
        say(lambda: _synchronise(integration, asked.entities))


def watch_readers() -> None:
    """Record the peak memory of each reader process of this process before it ends."""
    close = Process.close

    def note_and_close(process: Process) -> None:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        (kibibytes,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
        READERS_MIB.append(int(kibibytes) / 1024)
        close(process)

    Process.close = note_and_close  # type: ignore[method-assign]


def switch_history_off() -> None:
    """Stop this process from writing any record's history."""
    for name in ("added", "changing", "changing_where"):
        setattr(ChangeLog, name, lambda *_: None)


def _synchronise(integration: Integration, entities: Sequence[Entity]) -> Counts:
    counts = {"added": 0, "changed": 0, "unchanged": 0}
    for entity in entities:
        result = run_pull(integration, PullRequest(SLUG, entity, SyncMode.FULL, SyncTrigger.MANUAL))
        if result.status is not RunStatus.SUCCESS:
            raise MeasurementFailed(result.message.title)
        counts = {name: count + getattr(result, name) for name, count in counts.items()}
    end_spare_process()  # CPU of a child counts only once it has ended
    return counts


def _settings(url: str, database_url: str) -> Settings:
    return Settings(
        _env_file=None,
        xpm_database_url=database_url,
        xero_client_id=CLIENT_ID,
        xero_client_secret=SecretStr(CLIENT_SECRET),
        xero_authorize_url=f"{url}/identity/connect/authorize",
        xero_token_url=f"{url}/connect/token",
        xero_connections_url=f"{url}/connections",
        xero_xpm_url=f"{url}/practicemanager/3.1/",
        xero_issuer=url,
        xero_jwks_url=f"{url}/.well-known/openid-configuration/jwks",
        xero_calls_per_minute=PLENTY,
        xero_calls_per_day=PLENTY,
    )


def _move_in(integration: Integration) -> Person:
    with integration.database.write() as session:
        practices.add(
            session,
            slug=SLUG,
            name=HARBOUR_NAME,
            country="AU",
            time_zone="Australia/Sydney",
            history_start=LONG_AGO,
            now=integration.clock(),
        )
        all_clients = {"include_archived_clients": True}  # the other contenders store them too
        practices.change_settings(session, SLUG, all_clients, person=None, now=integration.clock())
        user = people.add(session, SLUG, MERE, "Mere Tāne", is_admin=True)
        return Person(id=user.id, name=user.name, email=user.email)


def _connect(integration: Integration, person: Person) -> None:
    invitation = invite(integration, SLUG, person, minutes=30, flow_run_id="the-bench")
    way = start_login(integration, invitation.attempt_id)
    callback = answer_consent(way.url.get_secret_value(), MERE, tenants=[HARBOUR_VALE])
    receive(integration, dict(parse_qsl(urlsplit(callback).query)), way.browser.get_secret_value())
    (offer,) = offers(integration, invitation)
    choose(integration, invitation, offer)
    confirm(integration, invitation, offer.tenant_name)
    reset(integration, invitation)


if __name__ == "__main__":
    main()
