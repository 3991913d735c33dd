"""The router's third stage: one call over the nearest playbooks, whose answer is a proposal and no more."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import BaseModel

from bizaiops_bot.adapters.openai.client import LanguageClient, Unsaid
from bizaiops_bot.adapters.openai.decision import CLARIFY, NONE, route_decision
from bizaiops_bot.adapters.openai.prompts import Prompt, load_prompt
from bizaiops_bot.domain.routing import Catalogue, Memory, PlaybookSpec
from bizaiops_bot.engine.audit.redaction import clean
from bizaiops_bot.router.language import Proposal

MOST_MODELS = 50
_TEXT, _NAME = 2000, 64


class OpenAiLanguage:
    """Implements router.language.Language."""

    def __init__(self, client: LanguageClient) -> None:
        self._client = client

    async def propose(
        self,
        text: str,
        offered: tuple[PlaybookSpec, ...],
        catalogue: Catalogue,
        memory: Memory | None,
        *,
        channel: str,
    ) -> Proposal | None:
        """None when the model cannot be asked now; a failed call is told in `heard`, for the audit."""
        if not offered:
            return None
        thread = _thread(memory)
        asked = clean({"message": text[:_TEXT], "thread": thread, "names": _names(catalogue)})
        said = await self._client.ask_why(
            _prompt(offered),
            json.dumps(asked, ensure_ascii=False),
            route_decision(offered, catalogue),
            channel=channel,
            purpose="route",
            cache_key=json.dumps([_normal(text), thread, asked["names"]]),
        )
        if isinstance(said, Unsaid):
            return Proposal(playbook="", inputs={}, heard=said.heard)
        return _proposal(said.value, said.heard)


def _prompt(offered: tuple[PlaybookSpec, ...]) -> Prompt:
    """The file with the offered playbooks behind it: titles are the bot's own words, so they may be told as such."""
    lines = [f"- {spec.name}: {spec.title}" for spec in offered]
    return load_prompt("route").with_facts("The requests:\n" + "\n".join(lines))


def _proposal(decision: BaseModel, heard: dict[str, Any]) -> Proposal:
    said = decision.model_dump()["decision"]
    kind = said.pop("kind")
    if kind == CLARIFY:
        return Proposal(playbook="", inputs={}, heard={**heard, "said": CLARIFY}, among=tuple(said["among"]))
    inputs = {name: value for name, value in said.items() if value is not None}
    return Proposal(
        playbook="" if kind == NONE else kind, inputs=inputs, heard={**heard, "said": kind, "inputs": inputs}
    )


def _thread(memory: Memory | None) -> dict[str, Any]:
    """What the conversation was about, as data; a question of the bot with its answers, when one is open."""
    if memory is None:
        return {}
    about = {name: getattr(memory, name) for name in ("model", "version", "kpi", "run", "schedule")}
    last = memory.last and {"request": memory.last.playbook, "values": _plain(memory.last.inputs)}
    asked = memory.pending and {
        "question": memory.pending.text[:300],
        "answers": [choice.label[:_NAME] for choice in memory.pending.choices],
    }
    told = {**about, "last_request": last, "open_question": asked}
    return {name: value for name, value in told.items() if value is not None}


def _plain(inputs: dict[str, Any]) -> dict[str, Any]:
    """Values as one line each; free texts of people stay out."""
    return {
        name: value if isinstance(value, int | float) else str(value)[:_NAME]
        for name, value in inputs.items()
        if isinstance(value, int | float | str) and name not in {"reason", "topic", "since"}
    }


def _names(catalogue: Catalogue) -> dict[str, Any]:
    """Models with what people call them, and their versions; what is very long is no name."""
    models = [
        {
            "model": model.name,
            "called": [alias for alias in (model.title, *model.aliases) if len(alias) <= _NAME],
            "serves": catalogue.stable.get(model.name),
        }
        for model in catalogue.models[:MOST_MODELS]
        if len(model.name) <= _NAME
    ]
    return {"models": models, "people": {who: list(catalogue.called.get(who, ())) for who in catalogue.people[:50]}}


def _normal(text: str) -> str:
    """Texts that differ only in case, spaces and final marks are one question."""
    return re.sub(r"\s+", " ", text).strip(" .!?").casefold()
