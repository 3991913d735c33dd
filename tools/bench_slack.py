"""Measures what Slack's own clock measures: how soon a signed request is kept and answered, and a card is there."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp

from tests.support.demo_process import DemoProcess
from tests.support.slack_stand import SlackStand, events, slack_stand, workspace
from tests.support.slack_stand.bot import bot_in
from tests.support.slack_stand.delivery import signed
from tools.bench_bot import cpu_s
from tools.bench_rows import Row, percentile, row

RATE = 200
SETTLE_S = 5.0
"""What a start leaves to be done is done by then."""
SPEED = 1
"""World seconds a second: the company lives beside, and costs little."""
NOTES = """\
Slack: a real process of the bot, requests signed as Slack signs them over HTTP from this machine, and the Web API
emulated by the npm program emulate behind a checking proxy. An event is a message in a channel that is not meant for
the bot, so that nothing but the keeping is measured: 200 is answered once it is kept durably.
"A core" is events a second divided by the share of a core that the bot used. Message -> card is the time from typing
a mention to reading the answer in its thread, each in a channel of its own, where the pace of one message a second does
not wait. The measuring program and the emulator run on the same cores.
"""


def slack_rows(folder: Path, *, seconds: float = 10.0, times: int = 40) -> list[Row]:
    """seconds: of each load. times: clicks, and messages."""
    with slack_stand() as stand, _bot(stand, folder) as bot:
        channel = stand.channel("bench")
        address = f"{bot.url}/slack/events"
        at_rate = asyncio.run(_at_rate(address, _bodies(stand, channel), seconds))
        before, began = cpu_s(bot), time.perf_counter()
        flat_out = asyncio.run(_flat_out(address, _bodies(stand, channel), seconds))
        cores = (cpu_s(bot) - before) / (time.perf_counter() - began)
        acks = _clicks(stand, times)
        cards = [_message_to_card(stand) for _ in range(times)]
    a_core = flat_out / max(cores, 1e-9)
    return [
        row(f"signed event -> kept -> 200, at {RATE}/s, p50", 1000 * percentile(at_rate, 0.5), "ms"),
        row(f"signed event -> kept -> 200, at {RATE}/s, p95", 1000 * percentile(at_rate, 0.95), "ms", 20),
        Row("signed events kept, a core", f"{a_core:,.0f}/s", ">= 1,500/s", a_core >= 1500),
        row("button -> 200, p50", 1000 * percentile(acks, 0.5), "ms", 10.9),
        row("button -> 200, p95", 1000 * percentile(acks, 0.95), "ms"),
        row("mention -> card in the thread, p50", 1000 * percentile(cards, 0.5), "ms"),
        row("mention -> card in the thread, p95", 1000 * percentile(cards, 0.95), "ms"),
    ]


@contextmanager
def _bot(stand: SlackStand, folder: Path) -> Iterator[DemoProcess]:
    """A founded company, and a bot that goes on with it at rest."""
    folder.mkdir(parents=True, exist_ok=True)
    bot = bot_in(stand, folder / "data", speed=240).start()
    try:
        bot.interrupt()
        bot.start(speed=SPEED)
        time.sleep(SETTLE_S)
        yield bot
    finally:
        bot.end()


def _bodies(stand: SlackStand, channel: str) -> Iterator[str]:
    """Events, each with an id of its own."""
    number = 0
    while True:
        number += 1
        ts = f"{time.time():.6f}"
        event = {"type": "message", "channel": channel, "channel_type": "channel", "user": stand.users["erin"].id}
        event |= {"ts": ts, "event_ts": ts, "text": f"lunch at {number}?", "team": workspace.TEAM}
        yield json.dumps(events.envelope(event))


async def _post(http: aiohttp.ClientSession, address: str, body: str) -> float:
    """Seconds to the 200."""
    headers = {**signed(body), "Content-Type": "application/json"}
    began = time.perf_counter()
    async with http.post(address, data=body, headers=headers) as response:
        assert response.status == 200, await response.text()
    return time.perf_counter() - began


async def _at_rate(address: str, bodies: Iterator[str], seconds: float) -> list[float]:
    """Sent by the clock, whether or not the earlier ones are answered."""
    async with aiohttp.ClientSession() as http:
        began, tasks = time.perf_counter(), []
        for number in range(int(RATE * seconds)):
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            tasks.append(asyncio.create_task(_post(http, address, next(bodies))))
        return list(await asyncio.gather(*tasks))


async def _flat_out(address: str, bodies: Iterator[str], seconds: float, wide: int = 16) -> float:
    """Events a second with `wide` always under way."""
    end, done = time.perf_counter() + seconds, 0

    async def sender(http: aiohttp.ClientSession) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await _post(http, address, next(bodies))
            done += 1

    async with aiohttp.ClientSession() as http:
        began = time.perf_counter()
        await asyncio.gather(*(sender(http) for _ in range(wide)))
        return done / (time.perf_counter() - began)


def _clicks(stand: SlackStand, times: int) -> list[float]:
    """Seconds to the 200 of clicks on Approve by the requester, who is refused each time."""
    said = stand.users["erin"].mentions("deploy demand v2 as a 10% canary", stand.channel("clicks"))
    plan = stand.answer(said, "Must approve")
    payloads = [stand.users["erin"].click(plan, plan.button("Approve")) for _ in range(times)]
    return [stand.deliver("interactive", payload).seconds for payload in payloads]


def _message_to_card(stand: SlackStand) -> float:
    channel = stand.channel("card")
    began = time.perf_counter()
    said = stand.users["ana"].mentions("status churn", channel)
    while not stand.thread(channel, said.ts):
        time.sleep(0.002)
    return time.perf_counter() - began


if __name__ == "__main__":
    import tempfile

    from tools.bench_rows import table

    with tempfile.TemporaryDirectory(prefix="bizaiops-bench-") as name:
        print(table(slack_rows(Path(name))))
        print(NOTES)
