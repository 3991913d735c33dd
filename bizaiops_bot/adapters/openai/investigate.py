"""A language model looks for itself why a model is as it is: a loop of looks, with limits, that ends in words.

The loop holds no right: its tools only read, its answer is text that is checked like any other.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bizaiops_bot.adapters.openai.client import LanguageClient
from bizaiops_bot.adapters.openai.looks import Looks, Readable
from bizaiops_bot.adapters.openai.prompts import load_prompt
from bizaiops_bot.domain.facts import Fact, Facts, Look
from bizaiops_bot.engine.audit.redaction import redact

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_core.tools import BaseTool

MOST_LOOKS = 6
MOST_TURNS = 5
MOST_SECONDS = 20.0
MOST_USD = 0.05
MOST_TOKENS = 30_000
_NO_JSON = "not looked: the arguments are no JSON object"
_ENOUGH = "Answer now with what you have seen."


@dataclass
class Investigated:
    """How it went. text: the answer, "" for none; looks: what was looked at, also without an answer."""

    text: str = ""
    looks: tuple[Look, ...] = ()
    about: frozenset[str] = frozenset()
    heard: dict[str, Any] = field(default_factory=dict)

    def seen(self, facts: Facts) -> Facts:
        """The facts with what the looks found: what the answer may speak of."""
        found = tuple(Fact(words=f"{look.question}: {look.finding}") for look in self.looks)
        others = tuple(name for name in facts.others if name not in self.about)
        return facts.model_copy(update={"facts": facts.facts + found, "others": others})


async def investigate(client: LanguageClient, ports: Readable, model: str, facts: Facts, channel: str) -> Investigated:
    """At most six looks, five turns, 20 seconds and 5 US cents; whatever ends it, the looks that were made are kept."""
    prompt = load_prompt("investigate")
    started = time.monotonic()
    done = Investigated(heard={"model": client.settings.model, "prompt": prompt.label, "prompt_sha256": prompt.sha256})
    talk = None
    try:
        async with asyncio.timeout(MOST_SECONDS):
            talk = await _begin(client, ports, model, facts, channel, prompt.text)
            done.text = await talk.run()
            outcome = "ok" if done.text else talk.ended
    except TimeoutError:
        outcome = "too slow"
    if talk is not None:
        done.looks, done.about = tuple(talk.looks.made), frozenset(talk.looks.about)
        done.heard |= talk.used()
    done.heard |= {"outcome": outcome, "ms": round(1000 * (time.monotonic() - started))}
    return done


async def _begin(client: LanguageClient, ports: Readable, model: str, facts: Facts, channel: str, system: str) -> _Talk:
    # In a thread: importing langchain takes a second or two, and only the first time.
    human, told = await asyncio.to_thread(_vendor)
    looks = Looks(ports, [info.name for info in await ports.models.specs()])
    asked = json.dumps({"model": model, "rules_found": redact(facts.otherwise)}, ensure_ascii=False)
    return _Talk(client, channel, looks, [told(system), human(asked)])


def _vendor() -> tuple[Any, Any]:
    from langchain_core.messages import HumanMessage, SystemMessage

    importlib.import_module("langchain_core.tools")  # the looks need it
    return HumanMessage, SystemMessage


class _Talk:
    """The messages so far, and what they cost."""

    def __init__(self, client: LanguageClient, channel: str, looks: Looks, messages: list[BaseMessage]) -> None:
        self._client, self._channel, self.looks, self._messages = client, channel, looks, messages
        self._tokens, self._usd, self._turns = [0, 0], 0.0, 0
        self.ended = "no answer"

    def used(self) -> dict[str, Any]:
        tokens_in, tokens_out = self._tokens
        return {
            "tokens_in": tokens_in,
            "tokens_out": tokens_out,
            "usd": round(self._usd, 6),
            "turns": self._turns,
            "looks": len(self.looks.made),
        }

    async def run(self) -> str:
        """The answer; "" when there is none."""
        tools = self.looks.tools()
        while self._turns < MOST_TURNS:
            last = self._turns == MOST_TURNS - 1 or len(self.looks.made) >= MOST_LOOKS
            answer = await self._turn([] if last else tools, last=last)
            if answer is None:
                return ""
            if not answer.tool_calls and not answer.invalid_tool_calls:
                return str(answer.text)
            if last:
                break
            await self._look(answer, tools)
        self.ended = "no end"
        return ""

    async def _turn(self, tools: list[BaseTool], *, last: bool) -> AIMessage | None:
        from langchain_core.messages import HumanMessage

        if self._usd >= MOST_USD or sum(self._tokens) >= MOST_TOKENS:
            self.ended = "too dear"
            return None
        if last:
            self._messages.append(HumanMessage(_ENOUGH))
        got = await self._client.turn(self._messages, tools, channel=self._channel, purpose="investigate")
        self._turns += 1
        if isinstance(got, str):
            self.ended = f"no answer: {got}"
            return None
        answer, cost = got
        self._tokens = [self._tokens[0] + cost.tokens_in, self._tokens[1] + cost.tokens_out]
        self._usd += cost.usd
        return answer

    async def _look(self, answer: AIMessage, tools: list[BaseTool]) -> None:
        """Does what it asked for, as far as it may; every call gets an answer, as the API demands."""
        from langchain_core.messages import ToolMessage

        self._messages.append(answer)
        known = {tool.name: tool for tool in tools}
        for call in answer.tool_calls:
            found = "no more looks" if len(self.looks.made) >= MOST_LOOKS else await _found(known, call)
            self._messages.append(ToolMessage(found, tool_call_id=str(call["id"])))
        for wrong in answer.invalid_tool_calls:
            self._messages.append(ToolMessage(_NO_JSON, tool_call_id=str(wrong["id"])))


async def _found(known: dict[str, BaseTool], call: Any) -> str:
    """A look's finding; what is asked for wrongly is told so, and nothing is done."""
    from pydantic import ValidationError

    tool = known.get(call["name"])
    if tool is None:
        return f"there is no such tool; there are {', '.join(known)}"
    try:
        return str(await tool.ainvoke(call["args"]))
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False, include_context=False)[:3]
        return "not looked: " + "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in wrong)
