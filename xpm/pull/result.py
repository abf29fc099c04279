"""What a pull came to."""

from pydantic import BaseModel, ConfigDict

from xpm.entities.registry import Entity
from xpm.store.vocabulary import RunStatus
from xpm.words import Message, Stopped


class Counts(BaseModel):
    """How a sync ends: its counts, in records, and the sentence that sums it up."""

    model_config = ConfigDict(frozen=True)

    entity: Entity
    status: RunStatus
    message: Message
    source: int | None = None  # None where the run did not see everything
    stored: int | None = None
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    restored: int = 0
    archived: int = 0
    quarantined: int = 0
    calls: int = 0
    bytes: int = 0


class PullResult(Counts):
    """What a run came to."""

    run_id: str
    predicted_calls: int | None = None  # None where nothing was known to predict from
    predicted_bytes: int | None = None

    def raise_for_attention(self) -> None:
        """Raise `Stopped` when an administrator has to look: such a run must not pass for a success."""
        if self.status is RunStatus.ACTION_REQUIRED:
            raise Stopped(self.message, recorded=True)

    def counts(self) -> dict[str, int]:
        """The counts by name, for Practice Activity; what was not counted is left out."""
        counted = self.model_dump(exclude={"entity", "status", "message", "run_id"}, exclude_none=True)
        return {name: count for name, count in counted.items() if isinstance(count, int)}
