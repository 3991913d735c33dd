"""Starts, recovers and ends durable runs. The only module besides `live` that knows DBOS."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, Serializer, SetWorkflowID

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.errors import BotError, Permanent
from bizaiops_bot.domain.plan import Plan
from bizaiops_bot.domain.records import RunStatus
from bizaiops_bot.engine import gates, runs
from bizaiops_bot.engine.core import Core, log
from bizaiops_bot.engine.envelope import Stopped
from bizaiops_bot.engine.live import LiveRun
from bizaiops_bot.engine.store import sqlite_engine

# Runs keep their version over releases of the bot: a hash of the code would strand every waiting run at an upgrade.
APPLICATION_VERSION = "1"
_core: Core | None = None
_live: set[asyncio.Task[Any]] = set()


class JsonSerializer(Serializer):
    """Checkpoints are JSON text, never pickle."""

    def serialize(self, data: Any) -> str:
        return json.dumps(data, default=_plain)

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(serialized_data)

    def name(self) -> str:
        return "bizaiops_json"


def _plain(value: Any) -> Any:
    return f"{type(value).__name__}: {value}"


@DBOS.workflow(name="run_playbook", max_recovery_attempts=None)  # a run may wait through any number of restarts
async def run_playbook(number: int) -> str:
    """One run from its stored plan to its end; returns the final status."""
    assert _core is not None
    task = asyncio.current_task()
    assert task is not None
    _live.add(task)
    task.add_done_callback(_live.discard)
    with _core.working():
        return await _execute(_core, number)


def launch(core: Core, folder: Path) -> None:
    """Starts the engine in the running event loop and recovers what a dead process left."""
    global _core  # noqa: PLW0603 - DBOS is one per process, and so is what its workflows act on
    _core = core
    engine = sqlite_engine(folder / "engine.sqlite", own_begin=False)
    config: DBOSConfig = {
        "name": "bizaiops",
        "system_database_url": f"sqlite:///{folder / 'engine.sqlite'}",
        "system_database_engine": engine,
        "application_version": APPLICATION_VERSION,
        "executor_id": "local",
        "max_executor_threads": 16,
        "notification_listener_polling_interval_sec": 0.5,
        "scheduler_polling_interval_sec": 3600.0,
        "serializer": JsonSerializer(),
        "log_level": "ERROR",
        "enable_otlp": False,
    }
    DBOS(config=config)
    DBOS.launch()


async def shutdown() -> None:
    """Leaves unfinished runs for the next start: their tasks end here, their stored state stays."""
    global _core  # noqa: PLW0603
    live = list(_live)
    for task in live:
        task.cancel()
    await asyncio.gather(*live, return_exceptions=True)
    DBOS.destroy(workflow_completion_timeout_sec=0)
    # DBOS makes its pool the loop's own and has just closed it; the loop may go on to serve another bot.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(thread_name_prefix="asyncio"))
    _core = None


def executing() -> int:
    """How many runs this process is carrying out, waiting ones included."""
    return len(_live)


async def resume(core: Core, number: int) -> None:
    """Goes on with a run of before; one that the durable engine has given up is ended, or it would bar its model."""
    await start(number)
    workflow = await DBOS.get_workflow_status_async(f"run-{number}")
    if workflow is not None and workflow.status not in ("PENDING", "ENQUEUED", "DELAYED"):
        record = await core.store.read(lambda conn: runs.get(conn, number))
        if not record.finished:
            lost = Permanent("The durable engine does not go on with it", workflow.status)
            await _end(core, number, "failed", error=await _known(core, number, lost))


async def start(number: int) -> None:
    """Begins a run; starting the same run again changes nothing."""
    with SetWorkflowID(f"run-{number}"):
        await DBOS.start_workflow_async(run_playbook, number)


async def _execute(core: Core, number: int) -> str:
    row = await core.store.read(lambda conn: runs.get_row(conn, number))
    playbook = core.playbooks.get(row["playbook"])
    plan = Plan.model_validate_json(row["plan"])
    actor = runs.actor_of(row)
    run = LiveRun(core, number, actor, plan, row["conversation"], unattended=row["unattended"])
    try:
        card = await playbook.body(run, core.playbooks.check(playbook, plan.inputs))
    except Stopped as exc:
        return await _end(core, number, exc.status, error=exc.what)
    except BotError as exc:
        return await _end(core, number, "failed", error=str(exc))
    except asyncio.CancelledError:
        raise
    except Exception as exc:
        log.exception("run %s broke", number)
        return await _end(core, number, "failed", error=await _known(core, number, exc))
    return await _end(core, number, "succeeded", result=card)


async def _known(core: Core, number: int, exc: Exception) -> str:
    """Says only what is known: the last finished step."""
    record = await core.store.read(lambda conn: runs.get(conn, number))
    done = [s.name for s in record.steps if s.status in ("done", "undone")]
    last = f"the last finished step is {done[-1]!r}" if done else "no step was finished"
    broke = f"The playbook broke ({type(exc).__name__}: {exc})."
    return f"{broke} State unknown; {last}. Say `status` to read the world again."


async def _end(core: Core, number: int, status: RunStatus | str, *, error: str = "", result: Card | None = None) -> str:
    """Ends the run once. No durable step: a run that lost its way among them must be able to end too."""
    now = core.clock.now()

    def work(conn: sa.Connection) -> None:
        summary = "" if result is None else result.text
        gates.close_all(conn, number)
        if runs.set_status(conn, number, status, now=now, summary=summary, error=error, result=result):
            actor = runs.actor_of(runs.get_row(conn, number)).id
            core.note(conn, actor, "run_ended", f"run {number}", status=status, error=error, summary=summary)
        core.redraw(conn, number)

    await core.store.write(work)
    core.forget(number)
    return status
