"""Where a rollback goes: to the version that is wanted, away from the one that is blamed, or a question when the words
leave that open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bizaiops_bot.domain import versions
from bizaiops_bot.domain.routing import Catalogue
from bizaiops_bot.router.blame import Sides
from bizaiops_bot.router.slots import versions as said_versions


@dataclass(frozen=True)
class Target:
    """goal: the one version to go to. blamed: the one to leave, when no goal was said. open: versions to choose from,
    when nothing else can be told. nowhere: all that there is to go back to is blamed.
    """

    goal: str = ""
    blamed: str = ""
    open: tuple[str, ...] = ()
    nowhere: bool = False


def target(sides: Sides, model: str, catalogue: Catalogue) -> Target:
    """What the words and the present traffic of `model` say of where to go back to."""
    stable, previous = catalogue.stable.get(model, ""), catalogue.previous.get(model, "")
    sides = _as_called(sides, model, catalogue)
    undone = _undone(sides, stable, catalogue, model)
    if undone is not None:
        return undone
    # Nobody goes back to what serves, nor forward with "roll back v3" or "users on v3 complain".
    left = {v for v in (*sides.taken_back, *sides.toward, *sides.unclear) if v == stable}
    left |= {v for v in (*sides.taken_back, *sides.toward) if stable and _newer(v, stable, catalogue, model)}
    blamed = list(dict.fromkeys([*sides.culprits, *sorted(left)]))
    sure = [v for v in sides.toward if v not in left and v in {previous, *([] if stable else [v])}]
    open_ = [v for v in (*sides.taken_back, *sides.toward, *sides.unclear) if v not in left and v not in sure]
    goals = [*sides.goals, *sure]
    if not goals and not blamed and open_ == list(sides.taken_back) == [previous]:
        goals, open_ = open_, []  # to take it back, or to go back to the one before: both lead to it
    if len(goals) == 1 and not open_ and not (sides.previous and previous and previous not in goals):
        return Target(goal=goals[0])
    if goals or open_:
        others = [previous] if sides.previous or not goals else []
        return Target(open=_possible([*goals, *open_, *others], blamed, stable), blamed=_first(blamed))
    if len(blamed) <= 1 and not sides.far and not _elsewhere(blamed, stable, catalogue, model):
        return Target(blamed=_first(blamed))
    known = catalogue.versions.get(model, ())
    older = [v for v in reversed(known) if not _newer(v, stable, catalogue, model)]
    left_over = _possible(older, blamed, stable)
    return Target(open=left_over, blamed=_first(blamed) or (stable if sides.far else ""), nowhere=not left_over)


def _undone(sides: Sides, stable: str, catalogue: Catalogue, model: str) -> Target | None:
    """Of "undo the upgrade from v2 to v3": the newer one is left; None when no such move to what serves is named."""
    for old, new in sides.moves:
        if stable and _newer(new, old, catalogue, model) and (new == stable or _newer(new, stable, catalogue, model)):
            return Target(open=_possible([old], [new], stable), blamed=new)
    return None


def _elsewhere(blamed: list[str], stable: str, catalogue: Catalogue, model: str) -> bool:
    """Whether an old version is blamed, which serves nobody: then it is not plain what shall be left."""
    return any(v not in {"", stable} and stable and not _newer(v, stable, catalogue, model) for v in blamed)


def _as_called(sides: Sides, model: str, catalogue: Catalogue) -> Sides:
    """With the names that the model's registry has for the versions said."""

    def called(said: Iterable[str]) -> tuple[str, ...]:
        return tuple(said_versions.named(v, model, catalogue) or v for v in said)

    return replace(
        sides,
        goals=called(sides.goals),
        toward=called(sides.toward),
        culprits=called(sides.culprits),
        taken_back=called(sides.taken_back),
        unclear=called(sides.unclear),
        moves=tuple((old, new) for old, new in map(called, sides.moves)),
    )


def _newer(version: str, stable: str, catalogue: Catalogue, model: str) -> bool:
    """By the registry's order; a version that there is not counts as newer, so that it is told and not gone to."""
    known = catalogue.versions.get(model, ())
    return version != stable and (version not in known or versions.newer(version, stable, known))


def _possible(versions: list[str], blamed: list[str], stable: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for v in versions if v and v not in blamed and v != stable))


def _first(versions: list[str]) -> str:
    return versions[0] if versions else ""
