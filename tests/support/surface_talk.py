"""The same conversation over any surface: people say and click there, and read there what the bot answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from bizaiops_bot.domain.cards import Card, Context, Diff, Fields, Steps, Table, Text
from bizaiops_bot.domain.posts import PostedCard
from tests.support.talk import Talk, words_of

T = TypeVar("T")
PATIENCE_S = 20.0


@dataclass(frozen=True)
class Seen:
    """A card as a surface shows it, and as the bot means it. where: the surface's own message."""

    posted: PostedCard
    words: str
    labels: tuple[str, ...]
    where: Any = None

    @property
    def run(self) -> int:
        assert self.posted.card.run_id is not None, f"no run on: {self.words}"
        return self.posted.card.run_id

    def shows(self, *parts: str) -> None:
        """Fails unless every part can be read there, in any case and whatever marks stand around words."""
        missing = [part for part in parts if plain(part) not in plain(self.words)]
        assert not missing, f"{missing} not on:\n{self.words}"


class SurfaceTalk(Protocol):
    """One surface with a bot behind it, and the demo's people in front of it. home: the bot's home conversation."""

    talk: Talk
    home: str

    async def says(self, text: str, by: str) -> Seen:
        """Says it to the bot in the home conversation; the answer as it is shown there."""

    async def clicks(self, seen: Seen, label: str, by: str, *, reason: str = "") -> None:
        """Clicks a button as it was shown; with `reason`, gives it where the surface asks."""

    async def told(self, by: str, *parts: str) -> None:
        """Fails unless the person was told all the parts of late, alone."""

    async def now(self, seen: Seen) -> Seen:
        """The same card, once the surface shows it as the bot means it."""

    async def next(self, seen: Seen) -> Seen:
        """The answer that follows a card in its thread."""

    async def shown(self, begins: str) -> Seen:
        """The newest card in the home conversation whose id begins so, as it is shown there."""

    async def end(self) -> None: ...


def plain(words: str) -> str:
    """Letters and digits alone, as surfaces set marks and spaces differently."""
    return " ".join(re.findall(r"[^\W_]+|%", words.lower()))


def lacking(card: Card, shown: str) -> list[str]:
    """What the neutral card says in words and is not to be read in what was shown."""
    there = set(plain(shown).split())
    return [piece for piece in _pieces(card) if not set(plain(piece).split()) <= there]


def _pieces(card: Card) -> list[str]:
    """Of steps that are folded away the names: not every platform folds."""
    found = [card.title]
    folded = card.layout.details
    for block in card.blocks:
        match block:
            case Steps() if block in folded:
                found += [step.name for step in block.steps]
            case Text() | Context():
                found.append(block.text)
            case Fields():
                found += [part for field in block.fields for part in field]
            case Steps():
                found += [part for step in block.steps for part in (step.name, step.detail)]
            case Diff():
                found += [part for line in block.lines for part in (line.what, line.before, line.after)]
            case Table():
                found += [*block.columns, *(cell for row in block.rows for cell in row)]
    return found


async def until(look: Callable[[], Awaitable[T | None]], what: str) -> T:
    """What `look` gives once it is something, in real time."""
    for _ in range(int(PATIENCE_S / 0.05)):
        if (found := await look()) is not None:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {PATIENCE_S:g} s")


class ConsoleTalk:
    """Through the desk, as the console's pages do."""

    home = "ml-ops"

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self._told: dict[str, list[str]] = {}

    async def says(self, text: str, by: str) -> Seen:
        return _seen((await self.talk.says(text, by, self.home)).posted)

    async def clicks(self, seen: Seen, label: str, by: str, *, reason: str = "") -> None:
        button = next((b for b in seen.posted.buttons if b.label == label), None)
        assert button is not None, f"no {label!r} among {seen.labels}"
        answer = await self.talk.bot.desk.click(by, seen.posted.id, button.id, reason=reason)
        self._told.setdefault(by, []).append(answer.message)
        await self.talk.rest()

    async def told(self, by: str, *parts: str) -> None:
        heard = self._told.get(by, [])
        assert any(all(p.lower() in m.lower() for p in parts) for m in heard), f"{by} heard {heard}"

    async def now(self, seen: Seen) -> Seen:
        return _seen((await self.talk.card(seen.posted.id)).posted)

    async def next(self, seen: Seen) -> Seen:
        async def following() -> Seen | None:
            thread = [c.posted for c in await self.talk.cards(self.home) if c.posted.thread == seen.posted.thread]
            later = [posted for posted in thread if posted.seq > seen.posted.seq and posted.id != seen.posted.id]
            return _seen(later[-1]) if later else None

        return await until(following, "an answer in the thread")

    async def shown(self, begins: str) -> Seen:
        found = [c.posted for c in await self.talk.cards(self.home) if c.posted.id.startswith(begins)]
        assert found, f"no card {begins!r} among {[c.posted.id for c in await self.talk.cards(self.home)]}"
        return _seen(found[-1])

    async def end(self) -> None:
        await self.talk.end()


def _seen(posted: PostedCard) -> Seen:
    return Seen(posted, words_of(posted.card), tuple(b.label for b in posted.buttons))
