"""Renders the sandbox's HTML pages. Templates are self-contained and escape their values."""

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
    """Render a template. `no-store` keeps the browser from showing an old state of the world."""
    html = _templates().get_template(template).render(**facts)
    return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store"})
