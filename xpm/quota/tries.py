"""One budget of tries for each request and run, whoever tries: the call itself, or the step that is retried."""

from hashlib import sha256

import httpx

from xpm.integration import Integration
from xpm.store.pull import failed_requests


class RunTries:
    """Counts a flow run's failed tries of each request in the database (see `xpm.xero.http.patience.Tries`)."""

    def __init__(self, integration: Integration, flow_run_id: str) -> None:
        self._integration = integration
        self._flow_run_id = flow_run_id

    def failed(self, request: httpx.Request) -> int:
        """Count one more failed try, and return how many there were."""
        digest = sha256(request.method.encode() + b" " + request.url.raw_path).hexdigest()
        with self._integration.database.write() as session:
            return failed_requests.count(session, self._flow_run_id, digest, self._integration.clock())
