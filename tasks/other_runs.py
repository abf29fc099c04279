"""What Prefect knows of other runs, for a step that needs what another run holds."""

from uuid import UUID

import httpx
from prefect import get_client, get_run_logger
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_UI_URL

from xpm.pull.turn import Others
from xpm.words import Message, message


def is_over(flow_run_id: str) -> bool:
    """Whether the flow run has ended: completed, failed, crashed or cancelled. Nothing of it can be at work then."""
    try:
        run_id = UUID(flow_run_id)
    except ValueError:  # a program that no flow started
        return False
    try:
        with get_client(sync_client=True) as client:
            state = client.read_flow_run(run_id).state
    except (ObjectNotFound, httpx.HTTPError):  # Prefect forgot the run, or does not answer
        return False
    return state is not None and state.is_final()


def show_wait(said: Message, flow_run_id: str | None) -> None:
    """Log what the step waits for, with a link to it in Prefect."""
    logger = get_run_logger()
    logger.info(said.text)
    if flow_run_id and (ui := PREFECT_UI_URL.value()):
        link = f"{ui}/runs/flow-run/{flow_run_id}"
        logger.info(message("sync.already_running_in_prefect", link=link).title)


OTHERS = Others(is_over, show_wait)
