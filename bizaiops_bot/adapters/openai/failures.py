"""How a call to a model fails."""

from __future__ import annotations


class Failure(Exception):
    """No usable answer. The text is for the log and the audit: it holds nothing that the server said."""

    name = "failed"


class Busy(Failure):
    """429, or 503 with Retry-After: the server wants to be left alone, `after_s` seconds when it told."""

    name = "busy"

    def __init__(self, why: str, after_s: float | None) -> None:
        super().__init__(why)
        self.after_s = after_s


class Down(Failure):
    """Not reached, too slow, cut off, not let in, or 5xx."""

    name = "down"


class Unfit(Failure):
    """The server does not take this kind of request."""

    name = "unfit"


class Refused(Failure):
    """The model would not answer."""

    name = "refused"


class BadAnswer(Failure):
    """An answer that cannot be read."""

    name = "garbage"
