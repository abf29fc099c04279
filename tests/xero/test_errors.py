import pickle
from datetime import UTC, datetime

import pytest

from xpm.xero import errors
from xpm.xero.errors import CallbackReason, CallbackRefused, DayLimit, NotFound, Remedy, XeroError


def every_error() -> list[type[XeroError]]:
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, XeroError)]


def an(kind: type[XeroError]) -> XeroError:
    if issubclass(kind, CallbackRefused):
        return kind("It happened.", reason=CallbackReason.NONCE, status=400)
    return kind("It happened.", endpoint="job.list", status=400, correlation_id="abc")


@pytest.mark.parametrize("kind", every_error())
def test_an_error_survives_the_way_between_processes_with_all_its_facts(kind: type[XeroError]) -> None:
    error = an(kind)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  made one line above
    assert type(copy) is kind
    assert vars(copy) == vars(error)
    assert str(copy) == "It happened."


@pytest.mark.parametrize("kind", every_error())
def test_every_error_says_what_helps(kind: type[XeroError]) -> None:
    assert isinstance(kind.remedy, Remedy)


@pytest.mark.parametrize("kind", every_error())
def test_the_tree_in_the_docstring_names_every_error(kind: type[XeroError]) -> None:
    assert errors.__doc__ is not None
    assert kind.__name__ in errors.__doc__


def test_a_repr_names_the_facts_that_are_known_and_no_others() -> None:
    error = DayLimit("Used up.", endpoint="job.list", resumes_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert repr(error).startswith("DayLimit('Used up.', endpoint='job.list', resumes_at=datetime")
    assert "correlation_id" not in repr(error)


def test_the_facts_of_a_subclass_survive_too() -> None:
    error = NotFound("Gone.", description="Invalid job identifier")
    assert pickle.loads(pickle.dumps(error)).description == "Invalid job identifier"  # noqa: S301
