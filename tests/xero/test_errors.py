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
def test_an_error_keeps_all_its_facts_when_pickled(kind: type[XeroError]) -> None:
    error = an(kind)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  made one line above
    assert type(copy) is kind
    assert vars(copy) == vars(error)
    assert str(copy) == "It happened."


@pytest.mark.parametrize("kind", every_error())
def test_every_error_has_a_remedy(kind: type[XeroError]) -> None:
    assert isinstance(kind.remedy, Remedy)


@pytest.mark.parametrize("kind", every_error())
def test_the_tree_in_the_docstring_names_every_error(kind: type[XeroError]) -> None:
    assert errors.__doc__ is not None
    assert kind.__name__ in errors.__doc__


def test_a_repr_shows_only_the_facts_that_are_set() -> None:
    error = DayLimit("Used up.", endpoint="job.list", resumes_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert repr(error).startswith("DayLimit('Used up.', endpoint='job.list', resumes_at=datetime")
    assert "correlation_id" not in repr(error)


def test_an_error_keeps_the_facts_of_its_subclass_when_pickled() -> None:
    error = NotFound("Gone.", description="Invalid job identifier")
    assert pickle.loads(pickle.dumps(error)).description == "Invalid job identifier"  # noqa: S301
