"""The sandbox's HTML pages: plain, self-contained, escaped."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("sandbox"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(template: str, status: int = 200, **facts: object) -> Response:
    """Fill a template. Pages of a practice ground are never kept by the browser."""
    html = _templates().get_template(template).render(**facts)
    return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store"})
