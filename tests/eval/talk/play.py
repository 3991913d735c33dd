"""Plays a scene against the whole bot and notes what it did: one engine of its own for every scene."""

from __future__ import annotations

import gc
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

from bizaiops_bot.domain.cards import Button
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.routing import Command, Question
from bizaiops_bot.engine.orders.order import Order
from bizaiops_bot.router.language import Language
from tests.eval.talk.judge import Answer, Done, Offer, Outcome, Waiting, judge
from tests.eval.talk.scenes import Scene, Sentence, Then, World
from tests.support import stores
from tests.support.talk import START, Shown, Talk
from tests.support.virtual_clock import VirtualClock

PLACE = "ml-ops"
DECIDE = {"approved": "approve_run", "rejected": "reject_run", "cancel": "cancel_run"}


@dataclass(frozen=True)
class Played:
    """A sentence of a scene, its answer and what it is worth. begun: something that changes was, not just offered."""

    scene: str
    said: Sentence
    answer: Answer
    outcome: Outcome
    begun: bool


@dataclass
class Stage:
    """Companies that are founded once; every scene opens a copy. language: asked where the local stages are unsure."""

    folder: Path
    language: Language | None = None
    saved: dict[str, tuple[Path, VirtualClock]] = field(default_factory=dict)
    opened: int = 0

    async def found(self) -> None:
        talk = await Talk.begin(self.folder / "founded", VirtualClock(START))
        await talk.settle_first()
        await self._keep("founded", talk)
        talk = await self._open("founded")
        await _released(talk)
        await self._keep("released", talk)

    async def _keep(self, name: str, talk: Talk) -> None:
        self.saved[name] = (talk.bot.settings.data, VirtualClock(talk.clock.now()))
        await talk.end()

    async def _open(self, name: str) -> Talk:
        gc.collect()  # the bot before has a router of some 20 MB, and knows itself in circles
        source, clock = self.saved[name]
        self.opened += 1
        copy = self.folder / f"{self.opened}-{name}"
        stores.copy_company(source, copy)
        return await Talk.begin(copy, VirtualClock(clock.now()))

    async def play(self, scene: Scene) -> list[Played]:
        """Every sentence of the scene in its order, in one conversation."""
        base, prepare = WORLDS[scene.world]
        talk = await self._open(base)
        try:
            await prepare(talk)
            talk.bot.desk.answering.router.ask_also(self.language)
            ear = Ear(talk)
            return [await ear.hear(scene.scene, said) for said in scene.said if not await _then(talk, said)]
        finally:
            await talk.end()
            stores.drop_company(talk.bot.settings.data)


class Ear:
    """Says sentences to a bot and notes every order that was carried out on them."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.risks = {p.name: p.risk for p in talk.bot.core.playbooks}
        self._done: list[Done] = []
        orders = talk.bot.orders
        real = orders.carry_out

        @wraps(real)
        async def noted(order: Order) -> Any:
            made = await real(order)
            if order.actor.kind == "person":
                self._done.append(Done(order.playbook, order.inputs, order.dry_run))
            return made

        orders.carry_out = noted  # type: ignore[method-assign]

    async def hear(self, scene: str, said: Sentence | Then) -> Played:
        assert isinstance(said, Sentence)
        answer = await self.answer(said)
        begun = any(not done.dry_run and self.risks[done.playbook] != "read" for done in answer.done)
        return Played(scene, said, answer, judge(said, answer, self.risks), begun)

    async def answer(self, said: Sentence) -> Answer:
        """What the bot made of it; without any words when it kept silent."""
        self._done.clear()
        before = await self._waiting()
        try:
            shown = await self.talk.says(said.text, by=said.by, conversation=PLACE)
        except (AssertionError, BotError):
            return Answer(before=before, after=await self._waiting())
        words = "\n".join([shown.words, *shown.buttons()])
        offers = tuple([await self._offer(button) for button in shown.card.buttons])
        title = shown.card.title.rstrip()
        return Answer(
            tuple(self._done),
            offers,
            words,
            refused=shown.card.answer != "ok",
            question=not self._done and (title.endswith("?") or shown.card.summary.rstrip().endswith("?")),
            before=before,
            after=await self._waiting(),
        )

    async def _waiting(self) -> tuple[Waiting, ...]:
        runs = await self.talk.runs("waiting")
        return tuple(Waiting(run.id, run.actor, str(run.inputs.get("model", ""))) for run in runs)

    async def _offer(self, button: Button) -> Offer:
        """What a click on the button would order."""
        bind = button.bind
        if "playbook" in bind:
            return Offer(bind["playbook"], json.loads(bind.get("inputs", "{}")))
        if "do" in bind:
            return Offer(DECIDE.get(bind["do"], bind["do"]), {"run": bind.get("run")})
        desk = self.talk.bot.desk
        decision = await desk.answering.router.decide(button.command, None, await desk.catalogue())
        command = decision.pending if isinstance(decision, Question) else decision
        return Offer(command.playbook, command.inputs) if isinstance(command, Command) else Offer("")


async def _then(talk: Talk, said: Sentence | Then) -> bool:
    """Lets happen what happens between two sentences; False for a sentence."""
    if isinstance(said, Sentence):
        return False
    if said.then.startswith("minutes "):
        await talk.minutes(int(said.then.removeprefix("minutes ")))
        return True
    plan = await _plan(talk)
    if plan is not None:
        await plan.click("Approve", by=said.then.removeprefix("approve by "))
    return True


async def _plan(talk: Talk) -> Shown | None:
    """The card of the newest plan that can be approved."""
    cards = [card for card in await talk.cards(PLACE) if "Approve" in card.buttons()]
    return cards[-1] if cards else None


async def _nothing(talk: Talk) -> None:
    pass


async def _approved(talk: Talk, text: str, by: str) -> Shown:
    plan = await talk.starts(text, by=by)
    await plan.click("Approve", by="lead")
    return plan


async def _released(talk: Talk) -> None:
    plan = await _approved(talk, "deploy churn v2 as a 10% canary", by="engineer")
    await talk.finished(plan.run)


async def _canary(talk: Talk) -> None:
    await _approved(talk, "deploy churn v2 as a 10% canary", by="engineer")
    await talk.served("churn", {"v1": 90, "v2": 10})
    await talk.minutes(1)


async def _waits(talk: Talk) -> None:
    await talk.starts("deploy churn v2 as a 10% canary", by="engineer")


async def _drifts(talk: Talk) -> None:
    await talk.inject("churn", "covariate_drift")
    await talk.alert("churn", "drift_detected")


async def _slow(talk: Talk) -> None:
    await talk.minutes(20)
    await talk.inject("churn", "latency")
    await talk.alert("churn", "latency_detected")


async def _frozen(talk: Talk) -> None:
    await talk.says("freeze deploys because of the audit", by="lead")


async def _rolled_back(talk: Talk) -> None:
    await talk.minutes(30)
    plan = await _approved(talk, "roll back churn", by="sre")
    await talk.finished(plan.run)


async def _scheduled(talk: Talk) -> None:
    await talk.says("send the churn KPI digest here every Monday at 9:00 Berlin time", by="analyst")


WORLDS: dict[World, tuple[str, Callable[[Talk], Awaitable[Any]]]] = {
    "quiet": ("founded", _nothing),
    "released": ("released", _nothing),
    "canary": ("founded", _canary),
    "waiting": ("founded", _waits),
    "drift": ("founded", _drifts),
    "slow": ("founded", _slow),
    "frozen": ("founded", _frozen),
    "rolledback": ("released", _rolled_back),
    "scheduled": ("founded", _scheduled),
}
"""{world: (the saved company it begins with, what happens before the first word)}."""
