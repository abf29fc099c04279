"""Every sentence an administrator reads, under a stable key, with what happened and what to do next.

The sentences are in `catalogue.toml`. Code names a sentence by its key and supplies the facts.
"""

from xpm.words.catalogue import Message, every_key, every_step, message, step_title
from xpm.words.stopped import Stopped, stop

__all__ = ["Message", "Stopped", "every_key", "every_step", "message", "step_title", "stop"]
