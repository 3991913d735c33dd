"""Clicks on buttons: carried out at most once, audited and answered truthfully, whatever has happened to the card."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from weakref import WeakValueDictionary

import sqlalchemy as sa

from bizaiops_bot.conversation.learning import Learning
from bizaiops_bot.domain.cards import Button
from bizaiops_bot.domain.errors import BotError, NotFound
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.posts import ClickAnswer, PostedCard, PostedMessage
from bizaiops_bot.engine.approvals import deciding, gates
from bizaiops_bot.engine.approvals.deciding import Decision
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.orders.order import Order, Place
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.store.store import StoreDown

ONE_PRESS_S = 2.0
KEPT_PRESSES = 1000
RUN_CARD = re.compile(r"run-(\d{1,9})(?:-|$)")
Begin = Callable[[PostedMessage, dict[str, str] | None], None]


class Clicks:
    """Answers clicks. begin: has a message, said by a click, understood and answered. learning: keeps corrections."""

    def __init__(self, core: Core, orders: Orders, begin: Begin, learning: Learning | None = None) -> None:
        self._core, self._orders, self._begin, self._learning = core, orders, begin, learning
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._pressed: OrderedDict[str, tuple[float, ClickAnswer]] = OrderedDict()

    async def click(self, actor: str, card: str, button: str, reason: str, event_id: str | None) -> ClickAnswer:
        """event_id: the platform's id of the click, known per person: the same one is answered as before.

        A button that decides nothing, pressed twice within two seconds, was pressed once, whatever the ids.
        """
        event = None if event_id is None else json.dumps(["click", actor, event_id])
        try:
            known = None if event is None else await self._core.store.read(lambda c: deciding.answered(c, event))
            if known is not None:
                return known
            posted, found = await self._core.store.read(lambda conn: outbox.find_button(conn, card, button))
            person = self._core.people.get(actor)
            if person is None:
                raise NotFound("person", actor[:60], tuple(self._core.people))
            if posted is None:
                return await self._gone(person, card[:100], event)
            if found is None:
                return await self._stale(person, posted, event)
            if "plan_hash" in found.bind:
                place = (posted.conversation, posted.thread)
                return await deciding.click(self._core, _decision(person, found, reason, event), place)
            return await self._once(person, posted, found, button, event)
        except StoreDown:  # nothing was kept, so the same click may come again
            raise
        except BotError as exc:
            return await self._refused(actor, card, exc, event)

    # -- buttons that decide nothing -----------------------------------------------------------------

    async def _once(
        self, person: Actor, posted: PostedCard, button: Button, button_id: str, event: str | None
    ) -> ClickAnswer:
        key = json.dumps([person.id, posted.id, button_id])
        turn = self._turns.setdefault(key, asyncio.Lock())
        async with turn:
            at, answer = self._pressed.get(key, (0.0, None))
            if answer is not None and monotonic() - at < ONE_PRESS_S:
                await self._same(event, answer)
                return answer
            if button.bind.get("do") == "cancel":
                answer = await self._cancel(person, posted, button, event)
            elif button.bind.get("do") == "meant" and self._learning is not None:
                answer = await self._learning.click(person, button.bind["message"], button.bind["meant"])
                answer = await self._answered(person.id, posted.id, event, answer, did=button.command)
            else:
                answer = await self._say(person, posted, button, event)
            self._pressed[key] = (monotonic(), answer)
            self._pressed.move_to_end(key)
            if len(self._pressed) > KEPT_PRESSES:
                self._pressed.popitem(last=False)
            return answer

    async def _same(self, event: str | None, answer: ClickAnswer) -> None:
        """The second of two quick presses is answered as the first, also when it is sent again."""

        def work(conn: sa.Connection) -> None:
            if deciding.answered(conn, event) is None:
                deciding.keep(self._core, conn, event, answer)

        if event is not None:
            await self._core.store.write(work)

    async def _say(self, person: Actor, posted: PostedCard, button: Button, event: str | None) -> ClickAnswer:
        """Says the button's words for the person, in the transaction that remembers the click."""
        answer = ClickAnswer(accepted=True, message=f"Said for you: {button.command}")
        bind = button.bind or None

        def work(conn: sa.Connection) -> PostedMessage | None:
            if deciding.answered(conn, event) is not None:
                return None
            message, _ = outbox.put_message(
                conn,
                conversation=posted.conversation,
                thread=posted.thread,
                actor=person.id,
                text=button.command,
                event_id=None,
                now=self._core.clock.now(),
                bind=bind,
                worker=self._core.lead.worker,
            )
            self._core.note(conn, person.id, "click", posted.id, said=button.command, message=message.id)
            if self._learning is not None:
                self._learning.chosen(conn, person, posted, button)
            deciding.keep(self._core, conn, event, answer)
            return message

        message = await self._core.store.write(work)
        if message is not None:
            self._begin(message, bind)
        return answer

    async def _cancel(self, person: Actor, posted: PostedCard, button: Button, event: str | None) -> ClickAnswer:
        number = int(button.bind["run"])
        key = f"k-{posted.id}-{secrets.token_hex(4)}"
        place = Place(posted.conversation, posted.thread)
        order = Order("cancel_run", {"run": number}, person, place, key, heard={"click": posted.id})
        card = await self._orders.answer(order)
        if self._learning is not None:
            await self._learning.cancelled(person, number)
        answer = ClickAnswer(accepted=True, message=card.text)
        # Cancelling twice is cancelling: a crash before this line lets the same click cancel again, and no more.
        return await self._answered(person.id, posted.id, event, answer, did=button.command)

    # -- clicks that do nothing ------------------------------------------------------------------------

    async def _stale(self, person: Actor, posted: PostedCard, event: str | None) -> ClickAnswer:
        """A button that is no longer on the card: says what happened since."""
        now = f"The card has changed. Now: {posted.card.summary or posted.card.title}"
        run = posted.card.run_id
        if run is not None:
            now = await self._core.store.read(lambda conn: gates.why_closed(conn, run)) or now
        answer = ClickAnswer(accepted=False, message=f"That button is no longer valid. {now}")
        return await self._answered(person.id, posted.id, event, answer, stale=True)

    async def _gone(self, person: Actor, card: str, event: str | None) -> ClickAnswer:
        """A card that is still on a screen and was deleted here, as old ones are: says how its run stands."""
        found = RUN_CARD.match(card)
        now = "say in words what you want."
        if found is not None:
            run = int(found[1])
            waits = f"run {run} still waits for a decision: say `show run {run}`."
            now = await self._core.store.read(lambda conn: gates.why_closed(conn, run)) or waits
        answer = ClickAnswer(accepted=False, message=f"That card is not kept any more; {now}")
        return await self._answered(person.id, card, event, answer, stale=True)

    async def _refused(self, actor: str, card: str, error: BotError, event: str | None) -> ClickAnswer:
        answer = ClickAnswer(accepted=False, message=str(error))
        return await self._answered(actor[:100], card[:100], event, answer)

    async def _answered(
        self, actor: str, card: str, event: str | None, answer: ClickAnswer, **detail: object
    ) -> ClickAnswer:
        """Audits the click and remembers its answer; the answer given before when someone was faster."""
        kind = "stale_click" if detail.pop("stale", False) else "click"

        def work(conn: sa.Connection) -> ClickAnswer:
            known = deciding.answered(conn, event)
            if known is not None:
                return known
            self._core.note(conn, actor, kind, card, accepted=answer.accepted, told=answer.message, **detail)
            deciding.keep(self._core, conn, event, answer)
            return answer

        return await self._core.store.write(work)


def _decision(person: Actor, button: Button, reason: str, event: str | None) -> Decision:
    bind = button.bind
    word = bind.get("do") or ("approved" if button.command.startswith("approve") else "rejected")
    number, seen, gate = int(bind["run"]), bind["plan_hash"], bind.get("gate")
    return Decision(number, word, person.id, reason=reason, plan_hash=seen, gate=gate, event=event)
