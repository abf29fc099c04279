"""Every package that is installed is locked with its hashes, and the bill of materials lists them all."""

import json
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.house.test_documents import ROOT

LOCK: Mapping[str, Any] = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
LOCKED = {package["name"]: package for package in LOCK["package"]}
OURS = "fyi-xpm"


def is_pinned(package: Mapping[str, Any]) -> bool:
    """Whether a package comes from a registry, and each of its files has a hash."""
    files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
    hashes = [file.get("hash", "") for file in files]
    return "registry" in package["source"] and bool(hashes) and all(one.startswith("sha256:") for one in hashes)


def test_every_locked_package_comes_from_a_registry_and_has_hashes() -> None:
    assert len(LOCKED) > 100
    assert [name for name, package in LOCKED.items() if name != OURS and not is_pinned(package)] == []


def test_the_bill_of_materials_lists_every_package_of_the_product(tmp_path: Path) -> None:
    written = tmp_path / "bill.json"
    command = ["make", "--silent", "sbom", f"SBOM={written}"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - our own
    listed = {one["name"] for one in json.loads(written.read_text("utf-8"))["components"]}
    assert {"prefect", "httpx", "sqlmodel", "pydantic", "authlib", "lxml", "cryptography"} <= listed
    assert listed <= LOCKED.keys()
    assert "pytest" not in listed


def test_the_readable_list_of_risky_packages_names_packages_that_are_used() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    rows = [line.strip("|").split("|")[0] for line in page.splitlines() if line.startswith("| ")][1:]
    named = {name.strip().lower() for row in rows for name in row.split(",")}
    assert named <= LOCKED.keys()
