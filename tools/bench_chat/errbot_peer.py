"""Errbot's own `echo`, over its test backend: `python errbot_peer.py COUNT WIDE FOLDER`, in Errbot's environment.

The backend puts messages into the bot and takes its answers, in the same process and without a network.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections import Counter

from errbot.backends.test import TestBot  # type: ignore[import-not-found]


def main(count: int, wide: int, folder: str) -> None:
    logging.disable(logging.CRITICAL)
    bot = TestBot(loglevel=logging.CRITICAL, extra_config={"BOT_DATA_DIR": folder})
    bot.start()
    try:
        for i in range(200):
            _ask(bot, f"warm {i}")
        began, used = time.perf_counter(), time.process_time()
        wrong = sum(_ask(bot, f"one {i}") != f"one {i}" for i in range(count))
        seconds, used = time.perf_counter() - began, time.process_time() - used
        wide_used, wrong_wide = _wide(bot, count, wide)
    finally:
        bot.stop()
    found = {"cpu_us": used / count * 1e6, "wall_us": seconds / count * 1e6, "wrong": wrong}
    print("\n" + json.dumps({**found, "wide_cpu_us": wide_used / count * 1e6, "wrong_wide": wrong_wide}))


def _ask(bot: TestBot, words: str) -> str:
    bot.push_message(f"!echo {words}")
    return str(bot.pop_message(timeout=20))


def _wide(bot: TestBot, count: int, wide: int) -> tuple[float, int]:
    """(CPU seconds, answers that are not what was asked), `wide` questions under way at a time."""
    used, wrong = time.process_time(), 0
    for first in range(0, count, wide):
        asked = [f"w {i}" for i in range(first, min(first + wide, count))]
        for words in asked:
            bot.push_message(f"!echo {words}")
        answers = Counter(str(bot.pop_message(timeout=20)) for _ in asked)
        wrong += sum((answers - Counter(asked)).values())
    return time.process_time() - used, wrong


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
