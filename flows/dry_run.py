"""A sync that only shows what it would change. It writes nothing to FYI, not even to Practice Activity.

It ends Completed as "Dry run" even if a sync would end with Action Required; then the message says so.
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
    """Dry-run each entity separately, in the order of a sync, and list what would change.

    Previews are passed between steps in `quote`: otherwise Prefect inspects each of their thousands of changes.
    """
    outcomes: dict[Entity, Outcome] = {}
    for entity in EVERYTHING:
        if entity in entities:
            earlier = [outcome for outcome in outcomes.values() if isinstance(outcome, DryRunResult)]
            state: State[Any] = PREVIEWS[entity](
                practice,
                entity,
                mode,
                trigger,
                quote(earlier),
                records=records,
                confirm_missing=confirm_missing,
                return_state=True,
            )
            outcomes[entity] = state.result(raise_on_failure=False)
    listed = publish_changes(practice, quote(outcomes), str(flow_run.id), return_state=True)
    return _state_of(listed.result())


def _state_of(message: Message) -> State[Any]:
    if message.status is ActivityStatus.FAILURE:
        return Failed(name="Dry run failed", message=message.text)
    return Completed(name="Dry run", message=message.text)
