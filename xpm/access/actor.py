"""Who acts, as far as the program knows it for certain."""

from dataclasses import dataclass

from xpm.store.vocabulary import ActorKind

__all__ = ["Actor", "ActorKind"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `named` is a person whom an option or a run's parameter names: nobody proved to be that person.

    Attributes:
        kind: How the actor is known.
        name: Email address of a person who logged in; account of the operating system on the command line; what
            started a flow run. Empty if nobody is known.
        session: Digits of the session's digest, never the session's own id. The trail keeps the first twelve.
        address: Network address that the request came from.
        flow_run_id: Prefect's id of the run that acts.
        named: Email address of a person who is named without a login.
    """

    kind: ActorKind
    name: str = ""
    session: str | None = None
    address: str | None = None
    flow_run_id: str | None = None
    named: str | None = None


NOBODY = Actor(ActorKind.VISITOR)
