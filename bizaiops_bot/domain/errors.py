"""What went wrong, why, and what to do next: the only errors that reach a person."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from bizaiops_bot.domain.cards import Card


class BotError(Exception):
    """An error a person can read: what happened, why, what to do."""

    def __init__(self, what: str, why: str = "", do: str = "") -> None:
        super().__init__(" ".join(part for part in (what, why, do) if part))
        self.what, self.why, self.do = what, why, do


class Temporary(BotError):
    """Trying again may help, after `after_s` seconds."""

    def __init__(self, what: str, why: str = "", do: str = "", *, after_s: float = 1.0) -> None:
        super().__init__(what, why, do)
        self.after_s = after_s


class Unknown(BotError):
    """Whether it was done is not known: read back first. No Temporary, as who tries again blindly does it twice."""

    def __init__(self, what: str, why: str = "", do: str = "", *, after_s: float = 1.0) -> None:
        super().__init__(what, why, do)
        self.after_s = after_s


class Permanent(BotError):
    """Trying again will not help."""


class BadInput(Permanent):
    """What the person asked cannot be done as said; nothing was changed."""


class NotFound(BadInput):
    """A name that is not in the catalogue, with the nearest names that are."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=2, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(names) or 'none'}."
        super().__init__(f"There is no {kind} {name!r}.", do=hint)
        self.kind, self.name, self.near = kind, name, near


class Refused(Permanent):
    """Policy says no: `why` is the rule, `do` tells who may."""


class NotEnoughData(Permanent):
    """Too few observations for an honest answer."""


class Regression(Permanent):
    """A canary or gate failed; whatever was changed is undone. card: its numbers and what to say next."""

    def __init__(self, what: str, why: str = "", do: str = "", *, card: Card | None = None) -> None:
        super().__init__(what, why, do)
        self.card = card


class Undecided(Regression):
    """There was not enough evidence and nobody let it go on; whatever was changed is undone. Nothing is known against
    the version. answered: whether a person said so; else the run has expired.
    """

    def __init__(
        self, what: str, why: str = "", do: str = "", *, answered: bool = False, card: Card | None = None
    ) -> None:
        super().__init__(what, why, do, card=card)
        self.ends_as = "rejected" if answered else "expired"


class Conflict(Permanent):
    """The world is not as the plan or the caller assumed."""


class Unseen(Conflict):
    """What is decided on is not what this person was shown of the run: it is shown now, and asked again."""

    def __init__(self, run: int, what: str, why: str) -> None:
        super().__init__(what, why, "Look at it again, and decide on this one.")
        self.run = run
