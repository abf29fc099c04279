"""The machine and the versions that the measurements ran on."""

import os
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version

import psutil
import psycopg
from lxml import etree


def machine(postgresql: str) -> dict[str, str]:
    """Return the machine's facts and the versions by name; `postgresql` is the URL of the server used."""
    with psycopg.connect(postgresql) as connection:
        server = connection.info.parameter_status("server_version") or "unknown"
    return {
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "PostgreSQL": server,
        "lxml": ".".join(map(str, etree.LXML_VERSION[:3])),
        "pydantic": version("pydantic"),
        "SQLAlchemy": version("sqlalchemy"),
        "dlt": _version_of("dlt"),
    }


def load() -> str:
    """Return the load averages of the last 1, 5 and 15 minutes."""
    return ", ".join(f"{average:.1f}" for average in os.getloadavg())


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
