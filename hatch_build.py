"""Lets hatchling install this checkout, and refuses to build a wheel of it (docs/decisions/0007-no-wheel.md)."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

REFUSAL = (
    "fyi-xpm is run from a checkout, not from a wheel: its packages (flows, tasks, cli, console, sandbox) are programs "
    "with common names, and `fyi-xpm deploy` needs prefect.yaml beside them. Clone it and run `make demo`; "
    "to install the command into an environment of yours: pip install --editable ."
)


class OnlyEditable(BuildHookInterface[Any]):
    """Builds what an editable install needs, and nothing else."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raise for a wheel that holds the packages."""
        if version != "editable":
            raise RuntimeError(REFUSAL)
