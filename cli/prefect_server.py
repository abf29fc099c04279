"""The Prefect server a command speaks to."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL

from xpm.words import stop


@contextmanager
def prefect() -> Iterator[SyncPrefectClient]:
    """Open a client of the Prefect server.

    Raises:
        Stopped: no server is named (Prefect would then start one for the length of the command, whose runs nobody
            sees), it does not answer, it has another password, it is in trouble, or it does not have the runbooks.
    """
    if not PREFECT_API_URL.value():
        raise stop("operator.prefect_unnamed")
    try:
        with get_client(sync_client=True) as client:
            yield client
    except ObjectNotFound as error:
        raise stop("operator.not_deployed") from error
    except httpx.HTTPStatusError as error:
        if error.response.status_code == httpx.codes.UNAUTHORIZED:
            raise stop("operator.prefect_refuses") from error
        raise stop("operator.prefect_trouble", status=error.response.status_code) from error
    except httpx.TransportError as error:
        raise stop("operator.prefect_silent", address=PREFECT_API_URL.value()) from error
