"""Words by a language model: a text that is held against the facts sentence by sentence, or the facts' own words."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from bizaiops_bot.adapters.openai.client import LanguageClient, Unsaid
from bizaiops_bot.adapters.openai.investigate import Investigated, investigate
from bizaiops_bot.adapters.openai.prompts import load_prompt
from bizaiops_bot.bot_api.reach import Ports
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.facts import Facts, Said, Task, template
from bizaiops_bot.domain.number_check import check

log = logging.getLogger("bizaiops.language")
Note = Callable[[str, dict[str, Any]], Awaitable[None]]
_DIRECTIONS = {1: "up", -1: "down", 0: "unchanged", None: None}
_KEPT_WHYS = 5


class Wording(BaseModel):
    """What the model is asked for."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(description="The sentences, in plain English.")


class OpenAiWords:
    """Implements ports.Words."""

    def __init__(self, client: LanguageClient, ports: Ports, note: Note) -> None:
        """ports: looked at in an investigation, never changed. note: writes to the audit what was worded, and how."""
        self._client, self._ports, self._note = client, ports, note

    async def sentence(self, task: Task, facts: Facts, *, channel: str) -> Said:
        if not facts.facts:
            return template(facts)
        said = await self._client.ask_why(load_prompt("words"), _data(facts), Wording, channel=channel, purpose="words")
        text = "" if isinstance(said, Unsaid) else said.value.text
        return await self._told(task, facts, text, {"task": task, **said.heard})

    async def investigate(self, model: str, facts: Facts, *, channel: str) -> Said:
        try:
            found = await investigate(self._client, self._ports, model, facts, channel)
        except BotError as error:
            found = Investigated(heard={"outcome": f"not begun: {error.what}"})
        except Exception:  # an answer of a shape nobody foresaw; the rules have their answer
            log.exception("an investigation by the language model broke")
            found = Investigated(heard={"outcome": "broke"})
        said = await self._told(
            "investigation", found.seen(facts), found.text, {"task": "investigation", **found.heard}
        )
        return said.model_copy(update={"looks": found.looks})

    async def _told(self, task: Task, facts: Facts, text: str, heard: dict[str, Any]) -> Said:
        """The sentences that hold, else the facts' own; either way the audit has how it came about."""
        checked = check(text, facts)
        whys = [why for _, why in checked.dropped][:_KEPT_WHYS]
        heard = {**heard, "dropped": len(checked.dropped), **({"why": whys} if whys else {})}
        said = Said(text=checked.text, source="language model") if checked.kept else template(facts)
        said = said.model_copy(update={"heard": heard})
        await self._note(facts.about, {"source": said.source, "text": said.text, "heard": heard})
        return said


def _data(facts: Facts) -> str:
    """The facts as the model gets them: data, a JSON object."""
    told = [
        {"of": f.name or None, "says": f.words, "direction": _DIRECTIONS[f.move], "for_the_better": f.good}
        for f in facts.facts
    ]
    slim = [{key: value for key, value in fact.items() if value is not None} for fact in told]
    asked = {"about": facts.about, "facts": slim, "at_most": facts.sentences, "name_one_of": list(facts.must)}
    return json.dumps(asked, ensure_ascii=False)
