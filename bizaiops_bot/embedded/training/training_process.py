"""Runs the trainer in its own process and listens to it."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import bizaiops_bot
from bizaiops_bot.domain.errors import Permanent

TRAINER = "bizaiops_bot.embedded.training.trainer"
LIMIT_S = 900.0
# `-m` finds the package in the working directory first, so a checkout works like an installed package.
HOME = Path(bizaiops_bot.__file__).resolve().parents[1]
MARK = "progress: "
Progress = Callable[[str], None]
"""Hears in words how far it is."""


async def run_trainer(folder: Path, what: str, progress: Progress) -> None:
    """Trains the job in `folder` (an absolute path); every line of progress is passed on.

    Cancelling ends the process, and so does the end of this one, even by kill -9: its standard input closes.
    Raises Permanent with the last lines of stderr when it fails or is killed, or after 15 minutes.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        TRAINER,
        str(folder),
        cwd=HOME,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        # Ctrl-C in a terminal goes to the whole process group; the bot alone decides, or a stop would fail the build.
        start_new_session=True,
    )
    last: deque[str] = deque(maxlen=6)
    try:
        async with asyncio.timeout(LIMIT_S):
            await asyncio.gather(_relay(process.stdout, progress), _keep(process.stderr, last))
            code = await process.wait()
    except TimeoutError as error:
        raise Permanent(f"Training {what} was ended.", f"It took more than {LIMIT_S / 60:.0f} minutes.") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code != 0:
        ended = f"signal {-code}" if code < 0 else f"exit code {code}"
        said = " | ".join(last) or "nothing on stderr"
        raise Permanent(f"Training {what} failed.", f"The trainer ended with {ended}: {said}.", "Nothing was deployed.")


async def _relay(stream: asyncio.StreamReader | None, progress: Progress) -> None:
    async for line in _lines(stream):
        if line.startswith(MARK):
            progress(line.removeprefix(MARK))


async def _keep(stream: asyncio.StreamReader | None, last: deque[str]) -> None:
    async for line in _lines(stream):
        if line.strip():
            last.append(line.strip())


async def _lines(stream: asyncio.StreamReader | None) -> AsyncIterator[str]:
    assert stream is not None  # both are pipes
    async for raw in stream:
        yield raw.decode("utf-8", "replace").rstrip("\n")
