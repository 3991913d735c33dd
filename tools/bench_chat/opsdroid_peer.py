"""An echo skill in Opsdroid: `python opsdroid_peer.py COUNT WIDE FOLDER`. In Opsdroid's own environment.

A connector in the same process gives it messages and takes its answers, without a network.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
import time
from typing import Any

from opsdroid.cli.utils import configure_lang  # type: ignore[import-not-found]
from opsdroid.connector import Connector  # type: ignore[import-not-found]
from opsdroid.core import OpsDroid  # type: ignore[import-not-found]
from opsdroid.events import Message  # type: ignore[import-not-found]
from opsdroid.matchers import match_regex  # type: ignore[import-not-found]
from opsdroid.skill import Skill  # type: ignore[import-not-found]


class Kept(Connector):  # type: ignore[misc]
    """Keeps the answers by the message that they answer."""

    def __init__(self, opsdroid: Any) -> None:
        super().__init__({"name": "kept"}, opsdroid=opsdroid)
        self.answers: dict[str, str] = {}

    async def send(self, event: Any) -> None:
        asked = getattr(event.linked_event, "event_id", "")
        self.answers[asked] = event.text

    async def send_message(self, event: Any) -> None:
        await self.send(event)


class Echo(Skill):  # type: ignore[misc]
    """Says it again."""

    @match_regex(r"^echo (?P<words>.*)$")  # type: ignore[untyped-decorator]
    async def echo(self, message: Any) -> None:
        await message.respond(message.regex.group("words"))


async def main(count: int, wide: int) -> None:
    logging.disable(logging.CRITICAL)
    configure_lang({})
    config = {"logging": {"level": "critical"}, "connectors": {}, "skills": {}, "parsers": {"regex": {"enabled": True}}}
    with OpsDroid(config=config) as bot:
        connector = Kept(bot)
        bot.connectors = [connector]
        bot.register_skill(Echo(bot, {"name": "echo"}).echo)
        await _said(bot, connector, [f"warm {i}" for i in range(200)])
        connector.answers.clear()
        began, used = time.perf_counter(), time.process_time()
        wrong = 0
        for i in range(count):
            wrong += await _said(bot, connector, [f"one {i}"])
        seconds, used = time.perf_counter() - began, time.process_time() - used
        wide_used, wrong_wide = time.process_time(), 0
        for first in range(0, count, wide):
            wrong_wide += await _said(bot, connector, [f"w {i}" for i in range(first, min(first + wide, count))])
        wide_used = time.process_time() - wide_used
    found = {"cpu_us": used / count * 1e6, "wall_us": seconds / count * 1e6, "wrong": wrong}
    print("\n" + json.dumps({**found, "wide_cpu_us": wide_used / count * 1e6, "wrong_wide": wrong_wide}))


async def _said(bot: Any, connector: Kept, texts: list[str]) -> int:
    """How many of the texts, said at once, were not answered rightly."""
    messages = [
        Message(text=f"echo {text}", user="erin", target="here", connector=connector, event_id=text) for text in texts
    ]
    await asyncio.gather(*(bot.parse(message) for message in messages))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(10):
            while any(text not in connector.answers for text in texts):  # noqa: ASYNC110
                await asyncio.sleep(0)  # it tells nobody when it has answered
    return sum(connector.answers.pop(text, None) != text for text in texts)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
