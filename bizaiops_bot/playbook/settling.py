"""A change of serving, waited for: a cluster needs minutes for what the embedded company does at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from bizaiops_bot.domain.errors import Permanent, Temporary
from bizaiops_bot.domain.services import TrafficState
from bizaiops_bot.domain.values import spoken_duration
from bizaiops_bot.playbook.run import Run

LOOK_EVERY = timedelta(seconds=5)
SETTLE_WITHIN = timedelta(minutes=20)
Write = Callable[..., Awaitable[TrafficState]]


def until_settled(
    run: Run,
    write: Write,
    *,
    within: timedelta = SETTLE_WITHIN,
    enough: Callable[[TrafficState], bool] | None = None,
) -> Write:
    """`write`, a change of Serving, for `run.step` or `run.undo`, and looks at the service until it is settled.

    A restart writes again with the same key, which changes nothing, and looks on. within: of the bot's clock.
    enough: what is wanted of the state, for a change that needs no revision to get ready.
    The step raises Permanent with the problem of a revision that cannot get ready, at once, or naming what was not
    ready in time. An outage meanwhile is waited out.
    """

    @wraps(write)
    async def done(*args: Any, key: str, progress: Callable[[str], None] | None = None, **more: Any) -> TrafficState:
        state = await write(*args, key=key, **more)
        last = run.clock.now() + within
        while not (state.settled if enough is None else enough(state)):
            if state.problem and enough is None:
                raise Permanent(f"{state.service} cannot get ready.", f"{state.problem}.", _look(state))
            if run.clock.now() >= last:
                what = f"{state.service} was not ready after {spoken_duration(within.total_seconds())}."
                raise Permanent(what, f"{state.unready}.", _look(state))
            if progress is not None:
                progress(state.unready)
            await run.clock.sleep_until(min(last, run.clock.now() + LOOK_EVERY))
            state = await _read(run, state)
        return state

    return done


async def _read(run: Run, before: TrafficState) -> TrafficState:
    try:
        return await run.serving.traffic(before.service)
    except Temporary:
        return before


def _look(state: TrafficState) -> str:
    return f"Type `status {state.service.model}` to see it as it is now."
