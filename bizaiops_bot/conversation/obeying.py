"""A command is carried out: what is shown for it, and what the thread remembers then."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bizaiops_bot.conversation import cards as told
from bizaiops_bot.conversation.catalogue import CatalogueReader
from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.posts import PostedMessage
from bizaiops_bot.domain.routing import Catalogue, Command, Memory
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.orders.order import Order, Place
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.store.store import StoreDown
from bizaiops_bot.router.only_reads import ASKED_FOR
from bizaiops_bot.router.router import Router
from bizaiops_bot.router.taking_back import DISOWNS


@dataclass(frozen=True)
class Obeyed:
    """card: the answer, None when a run's card is it. beside: those to further reads of the message."""

    card: Card | None
    beside: tuple[Card, ...]
    memory: Memory


@dataclass(frozen=True)
class Obeying:
    core: Core
    orders: Orders
    catalogue: CatalogueReader
    router: Router

    async def obey(self, message: PostedMessage, command: Command, memory: Memory) -> Obeyed:
        """Carries out the command and what stands beside it, each once for the message.

        Of several reads one that fails costs no other: its card is that of the error. Raises what
        `Orders.carry_out` raises for a command that stands alone.
        """
        order = Order(
            playbook=command.playbook,
            inputs=command.inputs,
            actor=self.core.actor(message.actor),
            place=Place(message.conversation, message.thread, message.id),
            key=message.id,
            heard=command.heard,
            dry_run=bool(command.heard.get("dry_run")),
            instead_of=command.heard.get(DISOWNS),
        )
        outcome = await (self._answer(order) if command.beside else self.orders.carry_out(order))
        if self.core.playbooks.get(command.playbook).risk != "read":
            self.catalogue.stale()
        made = await self._remember_made(command, memory, outcome)
        beside = tuple([await self._beside(order, more, n) for n, more in enumerate(command.beside, start=1)])
        card = None if isinstance(outcome, int) else told.with_unused(outcome, command)
        if command.heard.get(ASKED_FOR):
            known = await self.catalogue.read()
            card = card and self._only_reading(card, known)
            beside = tuple(self._only_reading(one, known) for one in beside)
        return Obeyed(card, beside, made)

    async def _beside(self, order: Order, more: Command, number: int) -> Card:
        dry_run = bool(more.heard.get("dry_run"))
        one = replace(order, playbook=more.playbook, inputs=more.inputs, key=f"{order.key}-b{number}", dry_run=dry_run)
        # What was left out is told once, on the first card.
        unused = {name: value for name, value in more.heard.items() if name == "unused"}
        return told.with_unused(await self._answer(one), more.model_copy(update={"heard": unused}))

    async def _answer(self, order: Order) -> Card:
        try:
            card = await self.orders.carry_out(order)
        except StoreDown:
            raise
        except BotError as exc:
            return told.error_card(exc)
        assert isinstance(card, Card), "reads stand beside reads"
        return card

    def _only_reading(self, card: Card, catalogue: Catalogue) -> Card:
        """The answer to a question, without the buttons that would change something. Those that decide on what is
        shown stay: it is what was asked about.
        """
        kept = [b for b in card.buttons if b.bind or not self.router.changes(b.command, catalogue)]
        return card.model_copy(update={"buttons": tuple(kept)})

    async def _remember_made(self, command: Command, memory: Memory, made: Card | int) -> Memory:
        """With the run or schedule that it made."""
        if isinstance(made, int):
            return memory.model_copy(update={"run": made})
        if command.playbook in ("schedule_digest", "list_schedules"):
            active = await self.core.ports.records.schedules()
            return memory.model_copy(update={"schedule": active[-1].id if active else None})
        return memory if made.run_id is None else memory.model_copy(update={"run": made.run_id})
