"""Whatever the platform, the processes and the lead do, in any order: every card once, in order, in its last state."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from bizaiops_bot.engine.store import failpoints
from tests.support import stores
from tests.support.chat_double import KINDS, Kind, mischief
from tests.support.poster_stand import Crash, Stand

POINTS = [name for name in failpoints.ALL if name.startswith("poster.")]
CHANNELS = ("slack:C1", "slack:C2")
CALM_S = 100.0
"""Longer than the longest wait between two tries, so what is not there by then is lost."""


@dataclass(frozen=True)
class Put:
    """New or changed cards, in one transaction; card n always stands in channel n % 2."""

    cards: tuple[int, ...]


@dataclass(frozen=True)
class Fails:
    """The next call of that kind meets a fault, and with it any later one by a small chance."""

    op: str
    kind: Kind
    after_s: float


@dataclass(frozen=True)
class Dies:
    """The process that next reaches the place ends there. heir: the other one leads then, else it starts again."""

    point: str
    heir: bool


@dataclass(frozen=True)
class Leads:
    """Nobody asks the one who led so far."""

    worker: str


@dataclass(frozen=True)
class Takes:
    """How long calls take from now on."""

    seconds: float


@dataclass(frozen=True)
class Sleeps:
    """The machine stands still, and all wakes late."""

    seconds: float


Step = Put | Fails | Dies | Leads | Takes | Sleeps
puts = st.builds(Put, st.lists(st.integers(0, 7), min_size=1, max_size=4, unique=True).map(tuple))
fails = st.builds(Fails, st.sampled_from(("post", "edit", "find")), st.sampled_from(KINDS), st.floats(0.1, 1.0))
deaths = st.builds(Dies, st.sampled_from(POINTS), st.booleans())
steps: st.SearchStrategy[Step] = st.one_of(
    puts,
    puts,
    fails,
    deaths,
    deaths,
    st.builds(Leads, st.sampled_from("ab")),
    st.builds(Takes, st.sampled_from((0.0, 0.3, 1.0))),
    st.builds(Sleeps, st.sampled_from((1.0, 7.0))),
)
pauses = st.sampled_from((0.0, 0.3, 1.0, 2.5, 4.0))


class Story:
    """Two workers on one store, and what happens to them."""

    def __init__(self, stand: Stand, seed: int, chance: float) -> None:
        self.stand, self.doom, self.deaths = stand, list[Dies](), Counter[str]()
        self.order: dict[str, list[str]] = defaultdict(list)
        self.stand.chat.faults = mischief(seed, chance)
        failpoints.reached = self._reached
        for worker in "ab":
            stand.start(worker)

    def _reached(self, name: str) -> None:
        for death in self.doom:
            if death.point == name:
                self.doom.remove(death)
                raise Crash(death)

    async def takes(self, step: Step) -> None:
        match step:
            case Put(cards):
                await self._put(cards)
            case Fails(op, kind, after_s):
                self.stand.chat.fail(op, kind, after_s=after_s)
            case Dies():
                self.doom.append(step)
            case Leads(worker):
                self.stand.leader = worker
            case Takes(seconds):
                self.stand.chat.takes_s = seconds
            case Sleeps(seconds):
                await self.stand.sleeps(seconds)

    async def _put(self, cards: tuple[int, ...]) -> None:
        for n in cards:
            channel, card = CHANNELS[n % 2], f"card-{n}"
            if card not in self.order[channel]:
                self.order[channel].append(card)
            await self.stand.put(card, channel=channel)

    async def passes(self, seconds: float) -> None:
        """Whoever died is followed by a new process; in real life that takes longer."""
        await self.stand.passes(seconds)
        for worker in [name for name, task in self.stand.running.items() if task.done()]:
            ended = await self.stand.stop(worker)
            assert isinstance(ended, BaseExceptionGroup) and isinstance(ended.exceptions[0], Crash)
            death = ended.exceptions[0].args[0]
            self.deaths[death.point] += 1
            if death.heir and self.stand.leader == worker:
                self.stand.leader = "b" if worker == "a" else "a"
            self.stand.start(worker)

    async def ends_well(self) -> None:
        self.doom.clear()
        self.stand.chat.faults = lambda _op, _channel: None
        self.stand.chat.forgive()
        until = self.stand.now() + CALM_S
        while self.stand.now() < until and not await self._all_shown():
            await self.passes(5)
        await self.passes(5)  # what comes late comes now
        self.stand.chat.check(self.stand.versions)
        for channel, cards in self.order.items():
            assert self.stand.chat.order(channel.removeprefix("slack:")) == cards
        assert await self._all_shown()
        told = Counter(card for card, _version, outcome in await self.stand.audited() if outcome in ("posted", "found"))
        assert set(told) == set(self.stand.versions) and set(told.values()) <= {1}

    async def _all_shown(self) -> bool:
        """Whether the ledger says that every card is shown in its last version, and that nothing is under way."""
        shown = {card: (row.sent, row.sending, row.error) for card, row in (await self.stand.ledger()).items()}
        return shown == {card: (version, 0, "") for card, version in self.stand.versions.items()}


async def tell(folder: Path, story: list[tuple[Step, float]], seed: int, chance: float) -> Story:
    stand = Stand(folder)
    try:
        told = Story(stand, seed, chance)
        for step, pause in story:
            await told.takes(step)
            await told.passes(pause)
        await told.ends_well()
        return told
    finally:
        await stand.close()


@pytest.fixture(autouse=True)
def _places_are_quiet_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failpoints, "reached", failpoints.reached)


@given(
    story=st.lists(st.tuples(steps, pauses), min_size=8, max_size=30),
    seed=st.integers(0, 999),
    chance=st.sampled_from((0.0, 0.1, 0.3)),
)
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_whatever_breaks_in_whatever_order_no_card_is_lost_or_doubled(
    story: list[tuple[Step, float]], seed: int, chance: float
) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        told = asyncio.run(tell(folder, story, seed, chance))
    finally:
        stores.drop_company(folder)
        shutil.rmtree(folder)
    event(f"{min(sum(told.deaths.values()), 3)} deaths")
