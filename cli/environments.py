"""What each program that `fyi-xpm` starts sees of its environment: what it needs, and nothing else.

Whoever may use Prefect can run code on the worker, and so can read its environment. A secret that no run needs is
therefore kept out of it (OWASP ASVS 5.0, 13.3.2: least privilege). A variable that is not named here is left out.
"""

from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values
from sqlalchemy import make_url

from xpm.settings import Settings

ANY_PROGRAM = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "PWD", "TMPDIR", "TZ", "LANG", "LANGUAGE", "TERM", "COLUMNS", "NO_COLOR"),
        *("VIRTUAL_ENV", "PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONUTF8", "PYTHONWARNINGS"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
        "DO_NOT_TRACK",
    }
)
"""Where things are, how text is written, which certificates to trust, and the way out of this network."""

OF_A_RUN = frozenset(
    {
        "XPM_DATABASE_URL",
        "XPM_ENCRYPTION_KEYS",
        "XPM_CONSOLE_URL",
        "XPM_PUSH",
        "XPM_TAX_EXPORTS",
        "XPM_DRY_RUNS",
        "XPM_HISTORY_DAYS",
        "XPM_AUDIT_DAYS",
        "XPM_TRUST_PROXY",
        "XPM_NOTIFY_URL",
        "XPM_SMTP_URL",
        "XPM_MAIL_FROM",
        "XERO_CLIENT_ID",
        "XERO_CLIENT_SECRET",
        "XERO_SCOPES",
        "XERO_AUTHORIZE_URL",
        "XERO_TOKEN_URL",
        "XERO_REVOCATION_URL",
        "XERO_CONNECTIONS_URL",
        "XERO_XPM_URL",
        "XERO_ISSUER",
        "XERO_JWKS_URL",
        "XERO_TAX_URL",
        "XERO_MAX_CONCURRENT",
        "XERO_CALLS_PER_MINUTE",
        "XERO_CALLS_PER_DAY",
    }
)
"""The settings that a run reads: it opens the database, renews tokens at Xero and writes links to the console."""

LOCALES, POSTGRESQL, PREFECT = ("LC_", "PG", "PREFECT_")
OF_THE_SERVER = ("PREFECT_SERVER_", "PREFECT_API_DATABASE_", "PREFECT_SQLALCHEMY_")
"""Settings of the Prefect server, among them the password of its database; the last two are older names."""


def written_here() -> dict[str, str]:
    """Return what the `.env` of this folder says. Runs start in the folder of the code, and would read another."""
    return {name: value for name, value in dotenv_values(".env").items() if value is not None}


def placed(settings: Settings) -> dict[str, str]:
    """Return the settings that name a place, so that runs find it although they start in another folder."""
    places = {"XPM_DRY_RUNS": settings.xpm_dry_runs, "XPM_TAX_EXPORTS": settings.xpm_tax_exports}
    found = {name: str(place.absolute()) for name, place in places.items() if place is not None}
    database = make_url(settings.xpm_database_url)
    if database.get_backend_name() == "sqlite" and database.database:
        database = database.set(database=str(Path(database.database).absolute()))
    return found | {"XPM_DATABASE_URL": database.render_as_string(hide_password=False)}


def of_any_program(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the part that any program may see: it holds no settings of ours."""
    return {name: value for name, value in environment.items() if name in ANY_PROGRAM or name.startswith(LOCALES)}


def of_prefect_client(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the part that a client of Prefect needs: Prefect's settings, without those of its server."""
    theirs = _beginning(environment, PREFECT)
    return of_any_program(environment) | {
        name: value for name, value in theirs.items() if not name.startswith(OF_THE_SERVER)
    }


def of_prefect_server(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the part that the Prefect server needs: Prefect's settings and its database's, but none of ours."""
    return of_any_program(environment) | _beginning(environment, PREFECT, POSTGRESQL)


def of_worker(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the part that a worker and its runs need."""
    ours = {name: value for name, value in environment.items() if name in OF_A_RUN}
    return of_prefect_client(environment) | _beginning(environment, POSTGRESQL) | ours


def _beginning(environment: Mapping[str, str], *beginnings: str) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(beginnings)}
