"""What people said of the bot's answers, reviewed by a person: what is accepted goes into the intents' files.

The router learns from those files alone, when it starts: until an example is accepted, nothing it said counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.errors import BadInput, Conflict, NotFound
from bizaiops_bot.domain.feedback import Example, State
from bizaiops_bot.domain.routing import PlaybookSpec
from bizaiops_bot.engine.audit import examples, trail
from bizaiops_bot.engine.audit.checking import OPERATOR
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import Store
from bizaiops_bot.evaluation import intent_edit
from bizaiops_bot.router.intents import NONE, load_intents
from bizaiops_bot.router.marking import as_example

_TOLD = {
    "choice": "chose",
    "meant": "said they meant",
    "rejected": "said no to what was offered",
    "good": "found it right",
    "corrected": "corrected a value of",
    "cancelled": "cancelled it at once",
    "bad": "found it wrong",
}


class Review:
    """The examples of one bot, and the folder of intents that accepted ones are added to.

    specs: of the playbooks, for the names of the blanks. The bot may be running; it learns at its next start.
    """

    def __init__(self, store: Store, folder: Path, specs: Sequence[PlaybookSpec]) -> None:
        self._store, self._folder, self._specs = store, folder, tuple(specs)
        self._intents = {intent.name: intent for intent in load_intents(folder)}

    async def open(self) -> list[Example]:
        """What nobody has reviewed yet: corrections first, then bad votes, then good ones, each oldest first."""
        order = {"good": 2, "bad": 1}
        found = await self._store.read(examples.listed)
        return sorted(found, key=lambda one: (order.get(one.source, 0), one.id))

    async def accept(self, number: int, label: str) -> str:
        """Adds the example to an intent's file and notes it; what was done, in words.

        label: an intent, its playbook, or "none" for a near-miss of what the bot took it for. Raises NotFound,
        BadInput and Conflict, and then nothing has changed.
        """
        example = await self._unsettled(number)
        line, name = self.line(example, label), self._named(label)
        if name == NONE:
            near = self._taken_for(example)
            fresh = intent_edit.add_look_alike(self._folder, near, line, NONE, self._specs)
            settled = f"near-miss of {near}"
        else:
            fresh = intent_edit.add_example(self._folder, name, line, self._specs)
            settled = f"example of {name}"
        await self._store.write(lambda conn: _settle(conn, example, "accepted", settled))
        return f"{line!r} is {'now' if fresh else 'already'} a{'n' if name != NONE else ''} {settled}."

    async def drop(self, number: int) -> str:
        """Leaves it out for good; what was done, in words."""
        example = await self._unsettled(number)
        await self._store.write(lambda conn: _settle(conn, example, "dropped", "dropped"))
        return f"Example {number} is dropped."

    def line(self, example: Example, label: str) -> str:
        """How the example would stand in the file. Raises NotFound for an unknown label."""
        name = self._named(label)
        intent = self._intents.get(self._taken_for(example) if name == NONE else name)
        spec = next((s for s in self._specs if intent is not None and s.name == intent.playbook), None)
        return as_example(example.shape, spec)

    def suggested(self, example: Example) -> str:
        """The intent that the person's words or clicks say; "" when they do not."""
        intent = str(example.decided.heard.get("intent", ""))
        if example.label == NONE and intent in self._intents:
            return intent  # a refusal that was right: the kind of request that it refuses
        try:
            return self._named(example.label) if example.label else ""
        except NotFound:  # a playbook that is not there any more
            return ""

    def as_json(self, example: Example) -> dict[str, Any]:
        """One entry of `--review --json`."""
        suggested, decided = self.suggested(example), example.decided
        try:
            line = self.line(example, suggested or NONE)
        except BadInput:
            line = as_example(example.shape, None)
        return {
            "id": example.id,
            "at": example.at.isoformat(),
            "who": example.who,
            "source": example.source,
            "text": example.text,
            "example": line,
            "suggested": suggested,
            "decided": {
                "kind": decided.kind,
                "playbook": decided.playbook,
                "offered": list(decided.offered),
                **{name: decided.heard.get(name) for name in ("stage", "intent", "p", "sure", "guesses")},
            },
        }

    def told(self, example: Example) -> list[str]:
        """For a reviewer: what was said, what was decided and how surely, what the person did; a line each."""
        decided, heard = example.decided, example.decided.heard
        what = {
            "request": f"did {decided.playbook}",
            "question": f"asked: {', '.join(decided.offered) or decided.told}",
        }
        scores = [f"{name} {heard[name]}" for name in ("stage", "p", "sure") if name in heard]
        guesses = heard.get("guesses")
        if isinstance(guesses, dict):
            likeliest_first = sorted(guesses, key=lambda name: -float(guesses[name]))
            scores.append("guesses " + ", ".join(f"{name} {guesses[name]}" for name in likeliest_first))
        person = " ".join([example.who, _TOLD[example.source], example.label])
        return [
            f"{example.id}. {example.text}",
            f"   the bot {what.get(decided.kind, f'said: {decided.told}')}"
            + (f" ({'; '.join(scores)})" if scores else ""),
            f"   {person.strip()}",
        ]

    async def _unsettled(self, number: int) -> Example:
        example = await self._store.read(lambda conn: examples.get(conn, number))
        if example.state != "open":
            raise Conflict(f"Example {number} is reviewed already: {example.settled}.")
        return example

    def _named(self, label: str) -> str:
        """The intent's name for a name or playbook. Raises NotFound."""
        if label == NONE or label in self._intents:
            return label
        found = next((i.name for i in self._intents.values() if i.playbook == label), None)
        if found is None:
            raise NotFound("intent", label, [*self._intents, NONE])
        return found

    def _taken_for(self, example: Example) -> str:
        """The intent a near-miss was taken for. Raises BadInput when it was taken for none."""
        intent = self._intents.get(example.decided.guess) or next(
            (i for i in self._intents.values() if i.playbook and i.playbook == example.decided.guess), None
        )
        if intent is None or intent.risk == "none":
            kinds = ", ".join(name for name, one in self._intents.items() if one.risk == "none")
            raise BadInput("It was taken for nothing the bot does.", do=f"Accept it as one of {kinds}, or drop it.")
        return intent.name


def _settle(conn: sa.Connection, example: Example, state: State, settled: str) -> None:
    """Notes the review, on the bot's clock where that is ahead of real time."""
    examples.settle(conn, example.id, state, settled)
    newest = conn.execute(sa.select(t.audit.c.at).order_by(t.audit.c.seq.desc()).limit(1)).scalar()
    now = datetime.now(UTC)
    at = now if newest is None else max(now, datetime.fromisoformat(newest))
    trail.append(
        conn,
        at=at,
        actor=OPERATOR,
        kind="example_reviewed",
        subject=example.message,
        number=example.id,
        state=state,
        settled=settled,
    )
