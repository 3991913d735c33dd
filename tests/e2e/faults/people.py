"""Those who order, decide and cancel. What they have sent is theirs to repeat: a platform sends an event again with the
same id until the bot has answered it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.conversation.front_desk import FrontDesk
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.domain.records import RunRecord
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t
from tests.e2e.faults.deeds import ENDINGS, Word, World, read_lines, write_line

LOOK_EVERY_S = 0.004
AT_ONCE = 6
AGAIN = 0.2  # how often an answered event comes once more, as platforms do at times
CHANNELS = 7


@dataclass(frozen=True)
class Case:
    """One order and how it is to end."""

    n: int

    @property
    def ending(self) -> Word:
        return tuple(ENDINGS)[self.n % len(ENDINGS)]

    @property
    def model(self) -> str:
        return f"m{self.n}-{self.ending}"

    @property
    def conversation(self) -> str:
        return f"slack:room-{self.n % CHANNELS}"


class People:
    """Carries orders to their ends, a few at a time, through all lives of the bot. life: its number."""

    def __init__(
        self, core: Core, desk: FrontDesk, world: World, file: Path, *, life: int, dice: random.Random
    ) -> None:
        self._core, self._desk, self._world, self._file, self._dice = core, desk, world, file, dice
        self._answers: dict[str, Any] = {}
        self._sent: dict[str, list[str]] = {}
        self._begun: list[int] = []
        self._over: set[int] = set()
        self._life = life
        for line in read_lines(file):
            self._learn(line)

    async def act(self, *, more: bool) -> None:
        """more: for ever, with new orders when old ones have ended; else returns once all have ended."""
        while more or self._open():
            while more and len(self._open()) < AT_ONCE:
                self._write({"begun": len(self._begun), "life": self._life})
            for case in self._open():
                await self._look_after(case)
            await asyncio.sleep(LOOK_EVERY_S)

    def _open(self) -> list[Case]:
        return [Case(n) for n in self._begun if n not in self._over]

    async def _look_after(self, case: Case) -> None:
        told = await self._say(case, "hello", "hello") if case.n % 3 == 0 else "nothing"
        message = await self._say(case, "order", f"release {case.model} {case.ending}") if told else None
        if message is None:
            return
        run = await self._core.store.read(lambda conn: _run_of(conn, str(message)))
        if run is None:
            return
        for k, (who, button) in enumerate(_wishes(case, run)):
            await self._press(case, run, f"{button}-{k}-{who}", who, button)
        if run.finished:
            self._write({"over": case.n, "life": self._life})

    async def _say(self, case: Case, event: str, text: str) -> str | None:
        """The id of the message."""
        name = f"{case.n}-{event}"
        if name not in self._answers or self._dice.random() < AGAIN / 50:
            posted = await self._desk.post(case.conversation, "engineer", text, platform_event=f"slack/{name}")
            self._hear(name, posted.id)
        return str(self._answers[name])

    async def _press(self, case: Case, run: RunRecord, name: str, who: str, button: str) -> None:
        """Presses until it was accepted: with another id after a no, with the same one when nothing was heard."""
        tries = sum(1 for k in range(50) if f"{case.n}-{name}-{k}" in self._answers)
        event = f"{case.n}-{name}-{tries}"
        if tries and self._answers[f"{case.n}-{name}-{tries - 1}"]["accepted"]:
            return
        if event not in self._sent:
            card = await self._core.store.read(lambda conn: _card_of(conn, run.id))
            found = next((b for b in card.buttons if b.label == button), None)
            if found is None:
                return
            if button == "Try again":
                await self._world.mend(case.model)
            self._write({"event": event, "sent": [card.id, found.id]})
        for _ in range(2 if self._dice.random() < AGAIN else 1):
            answer = await self._desk.click(who, *self._sent[event], event_id=event)
            self._hear(event, answer.model_dump())

    def _hear(self, event: str, answer: Any) -> None:
        """Notes an answer; a second one that differs from the first would be a lie."""
        known = self._answers.get(event, answer)
        if known != answer:
            self._write({"lie": event, "was": known, "is": answer})
        self._write({"event": event, "answer": answer})

    def _write(self, line: dict[str, Any]) -> None:
        write_line(self._file, line)
        self._learn(line)

    def _learn(self, line: dict[str, Any]) -> None:
        if "begun" in line:
            self._begun.append(line["begun"])
        elif "over" in line:
            self._over.add(line["over"])
        elif "sent" in line:
            self._sent[line["event"]] = line["sent"]
        elif "answer" in line:
            self._answers[line["event"]] = line["answer"]


def _wishes(case: Case, run: RunRecord) -> Iterator[tuple[str, str]]:
    """(who, button) of what people want now; pressing twice is prevented by who has pressed already."""
    at = {step.name: step.status for step in run.steps}
    first = at.get("approval 1") == "waiting"
    if first and case.ending == "rejected":
        yield "lead", "Reject"
    elif first and case.ending != "expired":
        yield "lead", "Approve"
        yield "chief", "Approve"
    if case.ending == "cancelled" and at.get("settle") == "waiting":
        yield "engineer", "Cancel"
    if case.ending == "vetoed" and at.get("approval 2") == "waiting":
        yield "lead", "Reject"
    if case.ending == "stuck" and run.status == "waiting" and at.get("approval 1") == "done":
        yield "lead", "Try again"


def _run_of(conn: sa.Connection, message: str) -> RunRecord | None:
    number = conn.execute(sa.select(t.runs.c.id).where(t.runs.c.message == message)).scalar()
    return None if number is None else runs.get(conn, int(number))


def _card_of(conn: sa.Connection, number: int) -> PostedCard:
    row = conn.execute(sa.select(t.cards).where(t.cards.c.id == f"run-{number}")).mappings().one()
    return outbox.posted_card(dict(row))
