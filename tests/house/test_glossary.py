"""One word for each thing, and one thing for each word: what `docs/glossary.md` says holds in the product."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.house.vocabulary import PRODUCT, Violation, forbidden_words, rows, violations

ROOT = Path(__file__).parents[2]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")


@cache
def of_the_product() -> tuple[Violation, ...]:
    return tuple(violations(ROOT, GLOSSARY))


def found_in(tree: Path) -> list[str]:
    return [violation.what for violation in violations(tree, GLOSSARY)]


def plant(tree: Path, place: str, text: str) -> None:
    path = tree / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_product_uses_no_word_that_the_glossary_forbids() -> None:
    assert {f"{violation.path}: {violation.what}" for violation in of_the_product()} == set()


def test_the_glossary_forbids_something_and_every_part_of_the_product_is_read() -> None:
    assert {"XPM practice", "rehearsal", "another_practice", "confirmed_missing"} <= set(forbidden_words(GLOSSARY))
    assert [package for package in PRODUCT if not any((ROOT / package).rglob("*.py"))] == []


def test_every_name_that_the_glossary_gives_is_one_of_the_product() -> None:
    source = "\n".join(path.read_text("utf-8") for package in PRODUCT for path in (ROOT / package).rglob("*.py"))
    known = set(re.findall(r"\w+", source)) | {"step"}  # a chapter of the catalogue
    named = [name for row in rows(GLOSSARY) for name in re.findall("`([^`]+)`", row[2])]
    assert named
    assert [name for name in named if not set(re.findall(r"\w+", name)) <= known] == []


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ('"""Choose an XPM practice."""', "XPM practice"),
        ('"""Choose a Xero Practice\nManager practice."""', "XPM practice"),
        ("# both XPM\n# practices\n", "XPM practice"),
        ("xpm_practice = 1", "XPM practice"),
        ("class XpmPractice: ...", "XPM practice"),
        ("def rehearsal() -> None: ...", "rehearsal"),
        ("def sync(another_practice: bool) -> None: ...", "another_practice"),
        ('"""Pass `another_practice`."""', "another_practice"),
        ("confirmed_missing = 40", "confirmed_missing"),
        ('help = f"A rehearsal of {1}"', "rehearsal"),
    ],
)
def test_a_forbidden_word_is_found_in_names_docstrings_comments_and_texts(
    tmp_path: Path, source: str, word: str
) -> None:
    plant(tmp_path, "xpm/pull/run.py", source)
    assert found_in(tmp_path) == [word]


@pytest.mark.parametrize(
    ("place", "word"), [("xpm/words/catalogue.toml", "rehearsal"), ("console/a.html", "rehearsal")]
)
def test_a_forbidden_word_is_found_in_the_sentences_and_on_the_pages(tmp_path: Path, place: str, word: str) -> None:
    plant(tmp_path, place, 'title = "The rehearsal is over"')
    assert found_in(tmp_path) == [word]


@pytest.mark.parametrize(
    "source",
    [
        '"""Data of another practice; `fyi-xpm practice add`; the practice in Xero Practice Manager."""',
        '# as FYI does (FYI: "XPM Synchronisation Types")',
        "RUNS = 'fyi-xpm practice list'",
        "def of_practice(xpm: str, practice: str) -> None: ...",
    ],
)
def test_words_that_only_look_like_forbidden_ones_are_left_alone(tmp_path: Path, source: str) -> None:
    plant(tmp_path, "xpm/pull/run.py", source)
    assert found_in(tmp_path) == []


def test_two_classes_of_one_name_are_found_wherever_they_are(tmp_path: Path) -> None:
    plant(tmp_path, "xpm/pull/run.py", "class Run: ...")
    plant(tmp_path, "sandbox/runs.py", "class Run: ...")
    assert found_in(tmp_path) == ["class Run is also in xpm/pull/run.py"]


def test_a_table_and_the_model_of_the_same_record_may_share_a_name(tmp_path: Path) -> None:
    plant(tmp_path, "xpm/store/tables/jobs.py", "class Job: ...")
    plant(tmp_path, "xpm/xero/models/job.py", "class Job: ...")
    assert found_in(tmp_path) == []
    plant(tmp_path, "cli/jobs.py", "class Job: ...")
    assert found_in(tmp_path) == ["class Job is also in xpm/store/tables/jobs.py"]


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "manager", "base", "misc", "_util"])
def test_a_module_whose_name_says_nothing_is_found_as_file_and_as_folder(tmp_path: Path, name: str) -> None:
    plant(tmp_path, f"tasks/{name}.py", "")
    assert found_in(tmp_path) == [f"a module called {name}"]
    plant(tmp_path, f"cli/{name}/__init__.py", "")
    assert len(found_in(tmp_path)) == 2
