"""A Temporal dev server as it comes, in memory, and one worker with normal activities: `temporal_peer.py PORT`."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import meter
from temporal_flows import Five, Gated, change, enter, entered
from temporalio.client import Client
from temporalio.worker import Worker

QUEUE = "bench"
PARKED_S = 0.15
START_S = 60


async def connected(port: str) -> Client:
    for _ in range(START_S * 5):
        try:
            return await Client.connect(f"127.0.0.1:{port}")
        except RuntimeError:
            await asyncio.sleep(0.2)
    raise TimeoutError(f"the dev server did not answer within {START_S} s")


def handlers(client: Client, server: int) -> dict[str, meter.Handler]:
    """server: its process, whose time counts too."""

    async def five(number: int) -> None:
        await client.execute_workflow(Five.run, number, id=f"five-{time.time_ns()}-{number}", task_queue=QUEUE)

    async def click(number: int) -> float:
        run = f"click-{time.time_ns()}-{number}"
        handle = await client.start_workflow(Gated.run, run, id=run, task_queue=QUEUE)
        await asyncio.sleep(PARKED_S)
        began = time.perf_counter()
        await handle.signal(Gated.decide)
        await handle.result()
        return (entered[run] - began) * 1000

    return {
        "noop": lambda seconds: meter.throughput(five, seconds, server),
        "clicks": lambda count: meter.clicks(click, count),
    }


async def main() -> None:
    port = sys.argv[1]
    program = Path(sys.executable).with_name("temporal")
    words: list[str | Path] = [
        program,
        "server",
        "start-dev",
        "--headless",
        "--ip",
        "127.0.0.1",
        "--port",
        port,
        "--log-level",
        "error",
    ]
    server = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # noqa: ASYNC220
    try:
        client = await connected(port)
        async with Worker(client, task_queue=QUEUE, workflows=[Five, Gated], activities=[change, enter]):
            await meter.serve(handlers(client, server.pid))
    finally:
        server.terminate()
        server.wait(timeout=20)


if __name__ == "__main__":
    asyncio.run(main())
