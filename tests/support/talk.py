"""Talk to a whole bot in a test: real engine, real company, real router, on a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bizaiops_bot.app.bootstrap import Bot, build
from bizaiops_bot.domain.cards import Card, Chart, Context, Diff, Fields, File, Links, Steps, Table, Text
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.posts import ClickAnswer, PostedCard
from bizaiops_bot.domain.records import Alert, RunRecord, RunStatus, Schedule
from bizaiops_bot.domain.services import TrafficState
from bizaiops_bot.embedded.training.pipelines import EmbeddedPipelines
from bizaiops_bot.engine.audit import trail
from bizaiops_bot.settings import Settings
from tests.support import stores
from tests.support.late_pipelines import LatePipelines
from tests.support.virtual_clock import VirtualClock

START = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)  # a Wednesday
PATIENCE_S = 60.0
CALM = 20  # turns of the loop: what a finished thread sets off has begun by then
LOOK_S = 0.001
_at_work: set[asyncio.Future[Any]] = set()


class _Counted:
    """A call whose result is waited for; while it is, it counts as at work."""

    def __init__(self, real: Callable[..., Awaitable[Any]]) -> None:
        self._real = real

    def __call__(self, *args: Any) -> asyncio.Future[Any]:
        done = asyncio.ensure_future(self._real(*args))
        _at_work.add(done)
        done.add_done_callback(_at_work.discard)
        return done


def words_of(card: Card) -> str:
    """Everything a person can read on the card."""
    parts = [card.title, card.summary]
    for block in card.blocks:
        if isinstance(block, Text):
            parts.append(block.text)
        elif isinstance(block, Fields):
            parts += [f"{k}: {v}" for k, v in block.fields]
        elif isinstance(block, Table):
            parts += [*block.columns, *(cell for row in block.rows for cell in row), block.caption]
        elif isinstance(block, Steps):
            parts += [f"{s.name} {s.status} {s.detail}" for s in block.steps]
        elif isinstance(block, Diff):
            parts += [f"{d.what}: {d.before} -> {d.after}" for d in block.lines]
        elif isinstance(block, Chart):
            parts += [block.title]
        elif isinstance(block, Links):
            parts += [f"{link.label} {link.to}" for link in block.links]
        elif isinstance(block, File):
            parts += [block.title, block.name, block.text]
        elif isinstance(block, Context):
            parts.append(block.text)
    return "\n".join(parts)


@dataclass
class Shown:
    """A card as it stood when it was looked at."""

    talk: Talk
    posted: PostedCard

    @property
    def card(self) -> Card:
        return self.posted.card

    @property
    def words(self) -> str:
        return words_of(self.card)

    @property
    def run(self) -> int:
        assert self.card.run_id is not None, f"no run on the card: {self.words}"
        return self.card.run_id

    def buttons(self) -> list[str]:
        return [b.label for b in self.posted.buttons]

    def has(self, kind: type[Any]) -> bool:
        return any(isinstance(b, kind) for b in self.card.blocks)

    def table(self) -> Table:
        """The card's first table."""
        found = next((b for b in self.card.blocks if isinstance(b, Table)), None)
        assert found is not None, f"no table on: {self.words}"
        return found

    def chart(self) -> Chart:
        """The card's chart."""
        found = next((b for b in self.card.blocks if isinstance(b, Chart)), None)
        assert found is not None, f"no chart on: {self.words}"
        return found

    def shows(self, *parts: str) -> None:
        """Fails unless every part can be read on the card, in any case."""
        words = self.words.lower()
        missing = [part for part in parts if part.lower() not in words]
        assert not missing, f"{missing} not on the card:\n{self.words}"

    async def click(self, label: str, by: str) -> ClickAnswer:
        """Clicks the button with this label as the card showed it."""
        button = next((b for b in self.posted.buttons if b.label == label), None)
        assert button is not None, f"no button {label!r} among {self.buttons()} on: {self.words}"
        answer = await self.talk.bot.desk.click(by, self.posted.id, button.id)
        await self.talk.rest()
        return answer

    async def now(self) -> Shown:
        """The same card as it stands now."""
        return await self.talk.card(self.posted.id)


class Talk:
    """A bot to talk to."""

    def __init__(self, bot: Bot, clock: VirtualClock, company: dict[str, Any]) -> None:
        self.bot, self.clock, self._company = bot, clock, company
        self._language: dict[str, Any] | None = None

    @classmethod
    async def begin(
        cls,
        folder: Path,
        clock: VirtualClock | None = None,
        *,
        language: dict[str, Any] | None = None,
        more: dict[str, Any] | None = None,
        **company: Any,
    ) -> Talk:
        """Starts a bot on the folder; with the saved folder of another, goes on from there.

        language: the setting of that name, None for no language model. more: other settings.
        """
        clock = clock or VirtualClock(START)
        parts = {"store": stores.store_settings(folder), "language": language or {"kind": "none"}, **(more or {})}
        settings = Settings(data=folder, embedded={"seed": 7, **company}, **parts)
        bot = await build(settings, clock=clock)
        talk = cls(bot, clock, company)
        talk._language = language
        talk._watch()
        clock._settle = talk.stand_still
        bot.core.cards.draw_after_s = 0.01  # the world of a test moves on within milliseconds
        bot.poster.pace_s = 0.02
        await bot.start()
        await talk.rest()
        return talk

    async def end(self) -> None:
        """Stops the bot; whatever the test was about, its audit must hold."""
        try:
            await self.rest()
            entries, problem = await self.bot.core.store.read(trail.verify)
            assert problem is None, problem
            assert entries > 0
        finally:
            await self.bot.stop()

    async def restart(self, *, down: timedelta = timedelta(0)) -> None:
        """Stops the bot and starts another on the same folder, `down` later."""
        folder, at = self.bot.settings.data, self.clock.now() + down
        await self.end()
        other = await Talk.begin(folder, VirtualClock(at), language=self._language, **self._company)
        self.bot, self.clock = other.bot, other.clock
        self.clock._settle = self.stand_still

    # -- time --------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Until all real work (threads, training) has come to rest: quiet in five looks in a row."""
        quiet, waited = 0, 0.0
        while quiet < 5:
            await asyncio.sleep(0.002)
            waited += 0.002
            quiet = 0 if self._busy() else quiet + 1
            assert waited < PATIENCE_S, "the bot did not come to rest"

    def _watch(self) -> None:
        """From now on counts what is handed to threads: to the store's, and to all others by the loop."""
        _at_work.clear()  # whatever an earlier bot left
        loop, store = asyncio.get_running_loop(), self.bot.core.store
        if not isinstance(loop.run_in_executor, _Counted):  # the loop of all tests is watched once
            loop.run_in_executor = _Counted(loop.run_in_executor)  # type: ignore[assignment]
        store.write = _Counted(store.write)  # type: ignore[assignment]

    async def stand_still(self) -> None:
        """Until nobody has anything to do at this time of the clock: no thread at work, and calm for some turns."""
        calm, waited = 0, 0.0
        while calm < CALM:
            busy = bool(_at_work) or self._busy()
            calm = 0 if busy else calm + 1
            await asyncio.sleep(LOOK_S if busy else 0)
            waited += LOOK_S if busy else 0
            assert waited < PATIENCE_S, "the bot did not come to rest"

    def _busy(self) -> bool:
        """A build trains in a process of its own, which no clock holds up."""
        port = self.bot.core.ports.pipelines
        port = port.work if isinstance(port, LatePipelines) else port
        return self.bot.core.activity.busy or (isinstance(port, EmbeddedPipelines) and port.at_work)

    async def settle_first(self) -> None:
        """Until the first versions stand in the registry."""
        for _ in range(2000):
            if all([await self.bot.core.ports.registry.versions(m) for m in ("churn", "demand")]):
                return
            await asyncio.sleep(0.02)
        raise AssertionError("the first versions were not registered")

    async def rest(self) -> None:
        await self.clock.rest()
        await self.settle()

    async def minutes(self, count: float) -> None:
        """Lets the world live on."""
        await self.clock.advance(60 * count)
        await self.settle()

    async def sleeps_until(self, when: datetime) -> None:
        """The whole machine sleeps till then, as a laptop does: timers that wanted to ring meanwhile ring late, once."""
        await self.clock.leap_to(when)
        await self.settle()

    async def until(self, ready: Callable[[], Awaitable[Any]], *, minutes: int = 90, what: str = "it") -> Any:
        """Lets the world live until `ready()` is truthy; fails after `minutes` of world time."""
        await self.rest()
        for _ in range(minutes + 1):
            found = await ready()
            if found:
                await self.settle()
                return await ready() or found
            await self.clock.advance(60)
        raise AssertionError(f"{what} did not happen within {minutes} min of world time")

    # -- words -------------------------------------------------------------------------------------

    async def says(
        self, text: str, by: str = "engineer", conversation: str = "ml-ops", thread: str | None = None
    ) -> Shown:
        """Says it and returns the bot's answer: the reply card, or the run's card."""
        message = await self.bot.desk.post(conversation, by, text, thread=thread)
        for _ in range(2000):
            await asyncio.sleep(0.005)
            found = [c for c in await self.bot.desk.cards(conversation) if c.reply_to == message.id]
            if found:
                await self.rest()
                return await self.card(found[-1].id)
        raise AssertionError(f"no answer to {text!r}")

    async def keeps(self, text: str, by: str = "engineer", conversation: str = "ml-ops") -> Shown:
        """Says it, and says yes to what is said back of it."""
        (await self.says(text, by, conversation)).shows("The next three:")
        return await self.says("yes", by, conversation)

    async def starts(self, text: str, by: str = "engineer", conversation: str = "ml-ops") -> Shown:
        """Says it and returns the card of the run that waits for approval."""
        shown = await self.says(text, by, conversation)
        assert shown.card.run_id is not None and "Approve" in shown.buttons(), shown.words
        return shown

    async def refused(self, text: str, by: str = "engineer", conversation: str = "ml-ops") -> str:
        """Says what is not even taken as a message; returns what the person is told."""
        try:
            await self.bot.desk.post(conversation, by, text)
        except BotError as exc:
            return str(exc)
        raise AssertionError(f"{text[:80]!r} by {by} was taken")

    async def card(self, card_id: str) -> Shown:
        for conversation in await self.bot.desk.conversations():
            for posted in await self.bot.desk.cards(conversation):
                if posted.id == card_id:
                    return Shown(self, posted)
        raise AssertionError(f"no card {card_id}")

    async def cards(self, conversation: str = "ml-ops") -> list[Shown]:
        return [Shown(self, posted) for posted in await self.bot.desk.cards(conversation)]

    # -- the world ---------------------------------------------------------------------------------

    async def state(self, model: str) -> TrafficState:
        """What the serving system tells of a model."""
        ports = self.bot.core.ports
        return await ports.serving.traffic(await ports.records.service(model))

    async def traffic(self, model: str) -> dict[str, int]:
        return (await self.state(model)).weights

    async def run(self, number: int) -> RunRecord:
        return await self.bot.core.ports.records.run(number)

    async def runs(self, *status: RunStatus) -> list[RunRecord]:
        """Newest first; all of them without a status."""
        found = await self.bot.core.ports.records.runs(limit=100)
        return [r for r in found if not status or r.status in status]

    async def schedules(self) -> list[Schedule]:
        return await self.bot.core.ports.records.schedules()

    async def alerts(self, model: str | None = None, *, open_only: bool = False) -> list[Alert]:
        return await self.bot.core.ports.records.alerts(model=model, open_only=open_only)

    async def served(self, model: str, weights: dict[str, int], *, minutes: int = 30) -> None:
        """Lets the world live until the traffic of the model is split like this."""

        async def split() -> bool:
            return await self.traffic(model) == weights

        await self.until(split, minutes=minutes, what=f"{model} at {weights}")

    async def over(self, alert: Alert, *, minutes: int = 30) -> Alert:
        """Lets the world live until the alert is closed."""

        async def closed() -> Alert | None:
            return next((a for a in await self.alerts(alert.model) if a.id == alert.id and a.closed is not None), None)

        found: Alert = await self.until(closed, minutes=minutes, what=f"the end of alert {alert.id}")
        return found

    async def finished(self, number: int, *, minutes: int = 120) -> RunRecord:
        """Lets the world live until the run has ended."""

        async def ended() -> RunRecord | None:
            record = await self.run(number)
            return record if record.finished else None

        found: RunRecord = await self.until(ended, minutes=minutes, what=f"the end of run {number}")
        return found

    async def alert(self, model: str, kind: str, *, minutes: int = 5) -> Alert:
        """Lets the world live until such an alert is open."""

        async def opened() -> Alert | None:
            found = await self.bot.core.ports.records.alerts(model=model, open_only=True)
            return next((a for a in found if a.kind == kind), None)

        found: Alert = await self.until(opened, minutes=minutes, what=f"a {kind} alert of {model}")
        return found

    async def inject(self, model: str, fault: str) -> None:
        faults = self.bot.core.ports.faults
        assert faults is not None
        await faults.inject(model, fault)

    async def mend(self) -> None:
        """Ends every fault."""
        faults = self.bot.core.ports.faults
        assert faults is not None
        await faults.clear()
