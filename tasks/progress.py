"""Shows how far a sync is: in the artifact `xpm-progress-<practice>-<entity>` and in the run's log."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast
from uuid import UUID

from prefect import get_run_logger
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.settings import PREFECT_API_REQUEST_TIMEOUT, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from xpm.entities.names import Entity
from xpm.integration import Integration
from xpm.pull.outcome import PullResult
from xpm.pull.summary import message_of
from xpm.quota.amounts import said_after, said_before, said_meanwhile
from xpm.quota.progress import Prediction, Standing
from xpm.store.vocabulary import RunStatus
from xpm.words import Stopped, message
from xpm.xero.errors import DayLimit

UPDATE_EVERY = 3.0  # seconds; nobody looks more often, and every update is a call to Prefect
ONE_SHORT_TRY = {PREFECT_CLIENT_MAX_RETRIES: 0, PREFECT_API_REQUEST_TIMEOUT: 5.0}  # seconds; another update follows
ALL = 100.0  # per cent


class PublishedProgress:
    """Publishes how far the sync of one entity is. An error of Prefect is only logged."""

    def __init__(
        self, practice: str, entity: Entity, calls_per_minute: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._key = f"xpm-progress-{practice}-{entity.replace('_', '-')}"
        self._entity = entity
        self._calls_per_minute = calls_per_minute
        self._clock = clock
        self._artifact: UUID | None = None
        self._next_at: float | None = None  # None until the sync has begun
        self._percent = 0.0

    def __call__(self, standing: Standing) -> None:
        """Publish the standing, unless the last update is less than `UPDATE_EVERY` seconds old."""
        now = self._clock()
        if self._next_at is None:
            said = said_before(self._entity.label, standing.predicted, self._calls_per_minute)
        elif now < self._next_at:
            return
        else:
            said = said_meanwhile(self._entity, standing, self._calls_per_minute)
        self._next_at = now + UPDATE_EVERY
        self._percent = round(ALL * (standing.share or 0.0), 1)
        with temporary_settings(ONE_SHORT_TRY):
            self._publish(said.title)

    def end(self, outcome: PullResult | BaseException) -> None:
        """Publish how the sync ended, if it began."""
        if self._next_at is None:
            return
        if isinstance(outcome, DayLimit):  # whether it continues by itself is not known yet
            outcome = Stopped(message("sync.day_used_up", entity=self._entity.label))
        text = message_of(self._entity, outcome).text
        if isinstance(outcome, PullResult):
            predicted = Prediction(outcome.predicted_calls, outcome.predicted_bytes)
            compared = said_after(self._entity.label, predicted, Prediction(outcome.calls, outcome.bytes))
            text = f"{text} {compared.title}."
            if outcome.status in (RunStatus.SUCCESS, RunStatus.ACTION_REQUIRED):
                self._percent = ALL
        self._publish(text)

    def _publish(self, text: str) -> None:
        logger = get_run_logger()
        logger.info(text)
        try:
            if self._artifact is None:
                created = create_progress_artifact(self._percent, self._key, text)
                self._artifact = cast(UUID, created)  # its type also allows for callers that await it
            else:
                update_progress_artifact(self._artifact, self._percent, text)
        except Exception:
            logger.warning(message("sync.progress_not_shown", entity=self._entity.label).text, exc_info=True)


@contextmanager
def publishing(integration: Integration, practice: str, entity: Entity) -> Iterator[PublishedProgress]:
    """Publish the progress of the sync in the block, and the error if one ends it."""
    progress = PublishedProgress(practice, entity, integration.settings.xero_calls_per_minute)
    try:
        yield progress
    except BaseException as error:
        progress.end(error)
        raise
