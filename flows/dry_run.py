"""A sync that only tells what it would change. Nothing of FYI is written, nor is there an entry in Practice Activity.

Ends Completed as "Dry run", also where a sync would end with Action Required: then the message says so.
"""

from collections.abc import Sequence
from typing import Any

from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from prefect.utilities.annotations import quote

from tasks.dry_run import PREVIEWS, publish_changes
from xpm.entities.names import EVERYTHING, Entity
from xpm.pull.summary import Outcome
from xpm.store.vocabulary import ActivityStatus, SyncMode, SyncTrigger
from xpm.undo.changes import DryRunResult
from xpm.words import Message


def tried(
    practice: str,
    entities: Sequence[Entity],
    mode: SyncMode,
    trigger: SyncTrigger,
    *,
    records: Sequence[str] = (),
    confirm_missing: int = 0,
) -> State[Any]:
    """Dry-run each entity on its own, in the order of a sync, and list what would change.

    Previews go from step to step in quotes: Prefect would look into each of their thousands of changes.
    """
    outcomes: dict[Entity, Outcome] = {}
    for entity in EVERYTHING:
        if entity in entities:
            earlier = [outcome for outcome in outcomes.values() if isinstance(outcome, DryRunResult)]
            part: State[Any] = PREVIEWS[entity](
                practice,
                entity,
                mode,
                trigger,
                quote(earlier),
                records=records,
                confirm_missing=confirm_missing,
                return_state=True,
            )
            outcomes[entity] = part.result(raise_on_failure=False)
    listed = publish_changes(practice, quote(outcomes), str(flow_run.id), return_state=True)
    return _state_of(listed.result())


def _state_of(said: Message) -> State[Any]:
    if said.status is ActivityStatus.FAILURE:
        return Failed(name="Dry run failed", message=said.text)
    return Completed(name="Dry run", message=said.text)
