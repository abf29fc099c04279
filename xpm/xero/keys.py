"""What XPM calls the record that an endpoint is asked for."""

from xpm.xero import endpoints, writes

_KEYS = {
    one.label: one.key_of
    for one in (
        endpoints.CLIENT,
        endpoints.CLIENT_FIELD_VALUES,
        endpoints.JOB,
        endpoints.JOBS_OF_CLIENT,
        endpoints.JOB_FIELD_VALUES,
        endpoints.TIME_OF_JOB,
        *writes.ENDPOINTS,
    )
}


def key_of(label: str) -> str | None:
    """XPM's word for the kind of record that the endpoint with this label is asked for; None for lists."""
    return _KEYS.get(label)
