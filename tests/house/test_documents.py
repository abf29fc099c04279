"""What the documents say of the tree is true of it."""

import os
import re
import tomllib
from pathlib import Path

import pytest

from tests.house.documents import documents, lost

ROOT = Path(__file__).parents[2]
DECISIONS = ROOT / "docs" / "decisions"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.mark.parametrize("page", documents(ROOT), ids=lambda page: str(page.relative_to(ROOT)))
def test_whatever_a_document_names_is_there(page: Path) -> None:
    assert list(lost(ROOT, page)) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("See `xpm/gone.py`.", ["xpm/gone.py"]),
        ("See `xpm/gone/`.", ["xpm/gone/"]),
        ("See `gone.md`.", ["gone.md"]),
        ("See [this](gone.md).", ["gone.md"]),
        ("See [`gone`](xpm/here.py).", ["gone in xpm/here.py"]),
        ("See `xpm.gone`.", ["xpm.gone"]),
        ("See `xpm.here.gone`.", ["xpm.here.gone"]),
        ("| `xpm/` | the library | `here.py`, `gone.py` |", ["gone.py"]),
        ("See `xpm/here.py`, `xpm.here.there`, [`there`](xpm/here.py), `job.api/list`, https://x.example/a.py.", []),
        ("New file `xpm/new.py`:\n```\nxpm/gone.py `xpm/gone.py`\n```", []),
    ],
)
def test_what_is_not_there_is_noticed(tmp_path: Path, text: str, missing: list[str]) -> None:
    (tmp_path / "xpm").mkdir()
    (tmp_path / "xpm" / "here.py").write_text("def there() -> None: ...\n")
    page = tmp_path / "README.md"
    page.write_text(text)
    assert list(lost(tmp_path, page)) == missing


def test_the_architecture_names_every_room_of_the_library() -> None:
    drawing = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rooms = {place.parent.name for place in (ROOT / "xpm").glob("*/__init__.py")}
    assert {room for room in rooms if f"<b>{room}</b>" not in drawing} == set()


def test_every_decision_is_listed_under_its_number() -> None:
    pages = sorted(page.name for page in DECISIONS.glob("0*.md"))
    assert re.findall(r"\((\d{4}-[\w-]+\.md)\)", (DECISIONS / "README.md").read_text("utf-8")) == pages
    assert [int(name[:4]) for name in pages] == list(range(1, len(pages) + 1))
    titles = [(DECISIONS / name).read_text("utf-8").splitlines()[0] for name in pages]
    assert [title.split(".")[0] for title in titles] == [f"# {number}" for number in range(1, len(pages) + 1)]


def test_every_decision_says_its_question_its_answer_and_its_price() -> None:
    said = {page.name: re.findall("^## (.*)$", page.read_text("utf-8"), re.MULTILINE) for page in DECISIONS.glob("0*")}
    assert {
        name for name, parts in said.items() if not {"Question", "Decision", "What it costs"} <= set(parts)
    } == set()


def test_the_newest_release_of_the_changelog_is_the_version_of_the_project() -> None:
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    versions, days = zip(*released, strict=True)
    locked = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    assert versions[0] == PROJECT["project"]["version"]
    assert versions[0] == next(
        package["version"] for package in locked if package["name"] == PROJECT["project"]["name"]
    )
    assert sorted(versions, key=lambda version: [int(part) for part in version.split(".")], reverse=True) == [*versions]
    assert sorted(days, reverse=True) == [*days]


def test_the_hosted_run_does_what_decides_a_change_and_with_a_python_that_is_supported() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    assert "run: .ci/run\n" in workflow
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert f'python-version: "{PROJECT["tool"]["mypy"]["python_version"]}"' in workflow


def test_the_hooks_before_a_commit_run_the_projects_own_tools() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    programs = re.findall(r"^\s+entry: \.venv/bin/([\w-]+)", hooks, re.MULTILINE)
    lint = (ROOT / "Makefile").read_text("utf-8").partition("\nlint:")[2].partition("\n\n")[0]
    assert set(re.findall(r"\.venv/bin/([\w-]+)", lint)) <= set(programs)
    assert hooks.count("- id:") == hooks.count("language: system") == len(programs)
    assert re.findall(r"- repo: (.*)", hooks) == ["local"]


def test_the_project_is_under_the_license_it_names() -> None:
    assert (ROOT / "LICENSE").read_text("utf-8").startswith(f"{PROJECT['project']['license']} License\n")
