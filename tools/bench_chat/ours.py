"""Our bot, in one process as the peers are: `python -m tools.bench_chat.ours short|status COUNT WIDE FOLDER`.

With the embedded company standing still, so that the world's own work is not counted; durable inbox, understanding,
policy, audit and memory are all on.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from bizaiops_bot.app.bootstrap import Bot, build
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.settings import Settings
from tests.support.virtual_clock import VirtualClock

SETS = {
    "short": {"list schedules": "schedule", "show policy": "may"},
    "status": {"status churn": "churn", "status demand": "demand"},
}
"""What is said -> what the title of the right answer names: reads that cost little, and one that looks at the world."""


class Answers:
    """Follows a conversation and hands each answer to who waits for it."""

    def __init__(self, bot: Bot, conversation: str, titles: dict[str, str]) -> None:
        self._bot, self._conversation, self._titles = bot, conversation, titles
        self._came: dict[str, asyncio.Future[PostedCard]] = {}

    async def follow(self) -> None:
        """Until cancelled."""
        async for item in self._bot.desk.events(self._conversation):
            if isinstance(item, PostedCard) and item.reply_to is not None:
                came = self._of(item.reply_to)
                if not came.done():
                    came.set_result(item)

    async def ask(self, text: str, actor: str) -> bool:
        """Whether the answer is right."""
        message = await self._bot.desk.post(self._conversation, actor, text)
        card = (await asyncio.wait_for(self._of(message.id), 60)).card
        return self._titles[text] in card.title.lower()

    def _of(self, message: str) -> asyncio.Future[PostedCard]:
        return self._came.setdefault(message, asyncio.get_running_loop().create_future())


async def main(kind: str, count: int, wide: int, folder: Path) -> None:
    logging.disable(logging.WARNING)
    bot = await build(Settings(data=folder), clock=VirtualClock(datetime(2026, 3, 4, 8, tzinfo=UTC)))
    await bot.start()
    answers = Answers(bot, "bench", SETS[kind])
    following = asyncio.create_task(answers.follow())
    try:
        while not all([await bot.core.ports.registry.versions(model) for model in ("churn", "demand")]):  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # nobody rings when the first versions are registered
        texts = [text for i in range(count) for text in [list(SETS[kind])[i % 2]]]
        for text in texts[:50]:
            await answers.ask(text, "engineer")
        began, used = time.perf_counter(), time.process_time()
        wrong = sum([not await answers.ask(text, "engineer") for text in texts])
        seconds, used = time.perf_counter() - began, time.process_time() - used
        wide_used, wrong_wide = time.process_time(), 0
        people = ("engineer", "lead", "analyst", "sre")
        for first in range(0, count, wide):
            asked = texts[first : first + wide]
            right = await asyncio.gather(*(answers.ask(text, people[i % 4]) for i, text in enumerate(asked)))
            wrong_wide += right.count(False)
        wide_used = time.process_time() - wide_used
    finally:
        following.cancel()
        await bot.stop()
    found = {"cpu_us": used / count * 1e6, "wall_us": seconds / count * 1e6, "wrong": wrong}
    print("\n" + json.dumps({**found, "wide_cpu_us": wide_used / count * 1e6, "wrong_wide": wrong_wide}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
