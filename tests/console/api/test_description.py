"""The API's description is valid, whole, and the one in docs."""

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.console.office import Office
from xpm.entities.pushed import FieldType
from xpm.entities.registry import PUSHED

FILE = Path(__file__).parents[3] / "docs" / "openapi.json"


@pytest.fixture
def described(office: Office) -> dict[str, Any]:
    """What the console serves to anybody."""
    with office.another_browser() as stranger:
        answer = stranger.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_the_description_is_valid(described: dict[str, Any]) -> None:
    validate(described)


def test_the_description_in_docs_is_the_one_that_is_served(described: dict[str, Any]) -> None:
    assert json.loads(FILE.read_text("utf-8")) == described, "write it anew: see docs/api.md"


def test_every_operation_says_what_it_does_what_it_needs_and_what_it_answers(described: dict[str, Any]) -> None:
    operations = [one for path in described["paths"].values() for one in path.values()]
    assert len(operations) >= 11
    for one in operations:
        assert one["description"].endswith(".")
        assert one["security"] == [{"HTTPBearer": []}]
        problems = {code: answer["content"] for code, answer in one["responses"].items() if int(code) >= 400}
        assert {"401", "403", "404", "409", "422", "429"} <= problems.keys()
        assert {media for content in problems.values() for media in content} == {"application/problem+json"}


def test_the_description_and_the_docs_name_every_field_that_can_be_edited_and_how_it_is_written() -> None:
    described = json.loads(FILE.read_text("utf-8"))["components"]["schemas"]
    of_values = {described[name]["properties"]["values"]["description"] for name in ("ApiChange", "OneEdit")}
    (of_values_once,) = of_values
    told = FILE.with_name("api.md").read_text("utf-8")
    fields = {field for pushed in PUSHED.values() for field in pushed.fields}

    assert {one.name for one in fields if f"`{one.name}`" not in told or one.name not in of_values_once} == set()
    how = described["ApiEditableField"]["properties"]["type"]["description"]
    assert {one.value for one in FieldType if f"`{one}`" not in told or f"`{one}`" not in how} == set()
