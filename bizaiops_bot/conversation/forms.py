"""Forms: all that an order lacks asked at once, checked at the field, and then given as an order like any other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from bizaiops_bot.conversation import form_values
from bizaiops_bot.conversation.form_fields import fields_of
from bizaiops_bot.conversation.front_desk import FrontDesk
from bizaiops_bot.conversation.threads import load_memory
from bizaiops_bot.domain.cards import Button
from bizaiops_bot.domain.errors import NotFound, Refused
from bizaiops_bot.domain.forms import Form, FormField, WrongFields
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.posts import PostedCard, PostedMessage
from bizaiops_bot.domain.routing import Catalogue
from bizaiops_bot.engine.audit.trail import redact
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.playbook import Playbook
from bizaiops_bot.router.formats import said, say
from bizaiops_bot.router.intents import Intent
from bizaiops_bot.router.router import Router

DECISIONS = frozenset({"approve_run", "reject_run"})
"""Made where the plan is shown, never in a form."""
SUBMITS = {"change": "Show the plan", "control": "Do it", "read": "Show"}
MISSING = "This is needed."


class EngineForms:
    """Implements lobby.Forms."""

    def __init__(self, core: Core, desk: FrontDesk, router: Router) -> None:
        self._core, self._desk = core, desk
        self._intents = {i.playbook: i for i in reversed(list(router.parts.intents.values())) if i.playbook}

    async def form(self, actor: str, playbook: str, given: Mapping[str, str] | None = None) -> Form:
        found, _ = self._known(playbook)
        catalogue = await self._desk.catalogue()
        self._require_allowed(self._desk.person(actor), found, dict(given or {}), catalogue)
        return Form(
            playbook=found.name,
            title=found.title,
            text=found.help.partition("\n")[0],
            submit=SUBMITS[found.risk],
            fields=fields_of(found, given or {}, catalogue),
        )

    async def form_of(self, actor: str, card: str) -> Form | None:
        posted = await self._desk.card(card)
        asked = None if posted is None else _asked(posted.card.buttons) or await self._pending(posted)
        if asked is None or asked[0] in DECISIONS or asked[0] not in self._intents:
            return None
        playbook, inputs = asked
        if not self._core.playbooks.get(playbook).spec().slots:
            return None
        given = {name: said(name, value) if name != "canary" else str(value) for name, value in inputs.items()}
        return await self.form(actor, playbook, {name: v for name, v in given.items() if "{" not in v})

    async def fill(
        self,
        actor: str,
        conversation: str,
        playbook: str,
        values: Mapping[str, str],
        *,
        thread: str | None = None,
        platform_event: str | None = None,
        platform_thread: str | None = None,
    ) -> PostedMessage:
        found, intent = self._known(playbook)
        catalogue = await self._desk.catalogue()
        inputs = _inputs(found, values, catalogue)
        self._require_allowed(self._desk.person(actor), found, inputs, catalogue)
        bind = {"playbook": found.name, "inputs": json.dumps(inputs)}
        return await self._desk.order(
            conversation,
            actor,
            say(intent, inputs),
            bind,
            thread=thread,
            platform_event=platform_event,
            platform_thread=platform_thread,
        )

    # -- what the form is for ------------------------------------------------------------------------

    def _known(self, name: str) -> tuple[Playbook, Intent]:
        intent = self._intents.get(name)
        if intent is None:
            raise NotFound("request", name[:60], self._intents)
        if name in DECISIONS:
            raise Refused(
                "A decision is not made in a form.",
                "It counts for one exact plan, which has to be in sight.",
                "Say `approvals`, and decide on the card that shows the plan.",
            )
        return self._core.playbooks.get(name), intent

    def _require_allowed(self, actor: Actor, playbook: Playbook, given: dict[str, Any], catalogue: Catalogue) -> None:
        """Policy is asked again, with everything, when the order is given; here so that nobody fills in for nothing."""
        model = given.get("model")
        asked = {"playbook": playbook.name, "requester": ""}
        about = [model] if model else [None, *(m.name for m in catalogue.models)]
        answers = [self._core.policy.may(actor, playbook.name, model=one, **asked) for one in about]
        if any(answer.ok for answer in answers):
            return
        what = f"{actor.id} may not {playbook.name.removesuffix('_model').replace('_', ' ')}"
        who = self._core.policy.who_may(playbook.name, model=model, **asked)
        raise Refused(
            f"{what}.",
            f"Policy rule {answers[0].rule}: {answers[0].why}.",
            f"Allowed: {', '.join(who)}." if who else "Nobody is allowed to do it.",
        )

    async def _pending(self, posted: PostedCard) -> tuple[str, dict[str, Any]] | None:
        """What a question without choices waits for, as the thread remembers it."""

        def look(conn: Any) -> tuple[str, dict[str, Any]] | None:
            asked = None if posted.reply_to is None else outbox.read_message(conn, posted.reply_to)
            memory = None if asked is None else load_memory(conn, asked)
            question = None if memory is None else memory.pending
            if question is None or question.text != posted.card.title or question.slot == "playbook":
                return None
            return question.pending.playbook, question.pending.inputs

        return await self._core.store.read(look)


def _asked(buttons: tuple[Button, ...]) -> tuple[str, dict[str, Any]] | None:
    """(playbook, what is known) of a question's choices: what all of them have in common."""
    bound = [(b.bind["playbook"], json.loads(b.bind.get("inputs", "{}"))) for b in buttons if "playbook" in b.bind]
    if not bound or len(bound) != len(buttons) or len({playbook for playbook, _ in bound}) != 1:
        return None
    first = bound[0][1]
    return bound[0][0], {k: v for k, v in first.items() if all(other.get(k) == v for _, other in bound)}


def _inputs(playbook: Playbook, values: Mapping[str, str], catalogue: Catalogue) -> dict[str, Any]:
    """Typed inputs as JSON. Raises WrongFields with every field that is wrong."""
    slots = playbook.spec().slots
    fields = {field.name: field for field in fields_of(playbook, {}, catalogue)}
    wrong = {name: "There is no such field." for name in values if name not in fields}
    inputs: dict[str, Any] = {}
    for slot in form_values.in_order(slots):
        text = redact(" ".join(values.get(slot.name, "").split()))
        if not text:
            if slot.required:
                wrong[slot.name] = MISSING
            continue
        try:
            inputs[slot.name] = form_values.read(slot, fields[slot.name], text, inputs, catalogue)
        except form_values.Unusable as exc:
            wrong[slot.name] = str(exc)
    if not wrong:
        wrong = _invalid(playbook, inputs, fields)
    if wrong:
        raise WrongFields(wrong)
    return inputs


def _invalid(playbook: Playbook, inputs: dict[str, Any], fields: dict[str, FormField]) -> dict[str, str]:
    """What the playbook's own checks say, at the field."""
    try:
        playbook.inputs.model_validate(inputs)
    except ValidationError as exc:
        first = next(iter(fields), "")
        return {str(e["loc"][0]) if e["loc"] else first: f"{e['msg']}." for e in exc.errors()}
    return {}
