"""The steps of the runbooks. They are thin, and named as the UI shows them."""

from tasks import foreseen  # noqa: F401  what it changes in the runs' log holds for every step
