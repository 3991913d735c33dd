"""DBOS Transact on SQLite: `dbos_peer.py stock|wal FOLDER`.

stock: as shipped, nothing but a name and the file. wal: an engine of our own, WAL with full sync as our store has it,
and notifications looked for every 50 ms instead of every second.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

import meter
import sqlalchemy as sa
from dbos import DBOS, SetWorkflowID

STOCK, FOLDER = sys.argv[1] == "stock", Path(sys.argv[2])
PARKED_S = 0.15
entered: dict[str, float] = {}


def settings() -> Any:
    """DBOSConfig."""
    url = f"sqlite:///{FOLDER / 'dbos.sqlite'}"
    if STOCK:
        return {"name": "bench", "system_database_url": url}
    arguments = {"isolation_level": "IMMEDIATE", "check_same_thread": False, "timeout": 30}
    engine = sa.create_engine(url, connect_args=arguments)

    @sa.event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return {
        "name": "bench",
        "system_database_url": url,
        "system_database_engine": engine,
        "max_executor_threads": 64,
        "notification_listener_polling_interval_sec": 0.05,
    }


DBOS(config=settings())


@DBOS.step()
async def change(what: str) -> str:
    return what


@DBOS.step()
async def enter(run: str) -> str:
    entered[run] = time.perf_counter()
    return run


@DBOS.workflow()
async def five(number: int) -> int:
    for step in ("one", "two", "three", "four", "five"):
        await change(step)
    return number


@DBOS.workflow()
async def gated(run: str) -> str:
    await change("before")
    await DBOS.recv_async(topic="approval", timeout_seconds=86400)
    return await enter(run)


async def click(number: int) -> float:
    """Milliseconds from the decision's send to the next step."""
    run = f"click-{time.time_ns()}-{number}"
    with SetWorkflowID(run):
        handle = await DBOS.start_workflow_async(gated, run)
    await asyncio.sleep(PARKED_S)
    began = time.perf_counter()
    await DBOS.send_async(run, "approved", topic="approval")
    await handle.get_result()
    return (entered[run] - began) * 1000


async def main() -> None:
    DBOS.launch()
    await meter.serve(
        {
            "noop": lambda seconds: meter.throughput(five, seconds),
            "clicks": lambda count: meter.clicks(click, count),
        }
    )
    os._exit(0)  # nothing has to be kept, and threads that wait are not waited for


asyncio.run(main())
