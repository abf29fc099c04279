"""Why no call can carry an edit."""


class Unsendable(Exception):
    """No call can carry the edits, or none without harm. `reason_key` is that of the sentence that says why."""

    def __init__(self, reason_key: str, detail: str) -> None:
        super().__init__(detail)
        self.reason_key = reason_key
