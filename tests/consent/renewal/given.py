"""What a separate process needs to use a practice's consent."""

from datetime import UTC, datetime

from tests.consent.harbour import Harbour
from tests.consent.renewal.workers import Given


def given_to(harbour: Harbour) -> Given:
    """Describe the practice's consent in use, and the sandbox's time."""
    (key,) = harbour.integration.settings.xpm_encryption_keys
    return Given(
        harbour.database.url.render_as_string(hide_password=False),
        harbour.server.url,
        key.get_secret_value(),
        harbour.active_consent().id,
        harbour.integration.clock() - datetime.now(UTC),
    )
