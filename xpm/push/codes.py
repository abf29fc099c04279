"""The codes by which XPM takes job states. It gives apps only their names, so a code is kept or made from the name."""

from sqlmodel import Session, select

from xpm.store.records.rows import Scope
from xpm.store.tables import JobStateCode


def code_of(session: Session, scope: Scope, state: str) -> str:
    """The code of a state: the one that was set for it, or its name in capitals without blanks, as XPM makes them."""
    known = session.get(JobStateCode, (scope.practice, scope.tenant_id, state))
    return known.code if known else made_from(state)


def made_from(state: str) -> str:
    """The code that XPM itself makes for a new state: *In Progress* becomes INPROGRESS."""
    return "".join(state.upper().split())


def set_code(session: Session, scope: Scope, state: str, code: str) -> None:
    """Set the code of a state, whether FYI has seen the state or not."""
    session.merge(JobStateCode(practice=scope.practice, tenant_id=scope.tenant_id, name=state, code=code))
    session.flush()


def forget_code(session: Session, scope: Scope, state: str) -> None:
    """Forget the code that was set for a state."""
    session.delete(session.get_one(JobStateCode, (scope.practice, scope.tenant_id, state)))
    session.flush()


def all_set(session: Session, scope: Scope) -> dict[str, str]:
    """The codes that were set, by state."""
    of = select(JobStateCode).where(JobStateCode.practice == scope.practice, JobStateCode.tenant_id == scope.tenant_id)
    return {one.name: one.code for one in session.exec(of)}
