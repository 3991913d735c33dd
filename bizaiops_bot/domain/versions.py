"""What versions are called, and their order: both as the registry has them, never by a sort of names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

LEAST_SHA = 7
"""Characters of a git sha that may stand for it, as git itself shortens it."""
_NUMBERED = re.compile(r"v(?=\d)")
_SHA = re.compile(rf"(?=.*[a-f])[0-9a-f]{{{LEAST_SHA},64}}")


def plain(name: str) -> str:
    """The same for two ways of saying one name: "v8" and "8", "1.4.0-RC1" and "1.4.0-rc1"."""
    return _NUMBERED.sub("", name.lower(), count=1) if _NUMBERED.match(name.lower()) else name.lower()


def is_sha(name: str) -> bool:
    """Whether it is a git sha or the beginning of one. A number alone is none."""
    return bool(_SHA.fullmatch(name))


def meant(said: str, known: Iterable[str]) -> list[str]:
    """The known names that `said` may stand for: the same name, else those of which it is the beginning of the sha."""
    names = list(known)
    same = [name for name in names if plain(name) == plain(said)]
    short = said.lower()
    return same or [name for name in names if is_sha(name) and len(short) >= LEAST_SHA and name.startswith(short)]


def in_order(registered: Sequence[str], buildable: Sequence[str]) -> tuple[str, ...]:
    """Every version, oldest first: the registry's order; what was never built stands before the next one in the
    pipeline's order that was.
    """
    order = list(registered)
    for at in range(len(buildable) - 1, -1, -1):
        name = buildable[at]
        if name not in order:
            behind = next((later for later in buildable[at + 1 :] if later in order), None)
            order.insert(len(order) if behind is None else order.index(behind), name)
    return tuple(order)


def newer(version: str, than: str, known: Sequence[str]) -> bool:
    """Whether it comes later in the order of `known`, oldest first; False where either is not in it."""
    return version in known and than in known and known.index(version) > known.index(than)


def following(taken: Iterable[str]) -> str:
    """A free number for one who counts: v{n + 1} after the highest v{n} of `taken`; other names do not count."""
    numbers = [int(name[1:]) for name in taken if re.fullmatch(r"v\d{1,9}", name)]
    return f"v{max(numbers, default=0) + 1}"
