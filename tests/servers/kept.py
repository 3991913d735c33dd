"""What the optional suites build once and keep: a virtual environment for each file of pinned requirements."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "requirements"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bizaiops" / "servers"
BUILD_S = 3600
BUILD = {"CMAKE_BUILD_PARALLEL_LEVEL": "2"}


def environment(name: str) -> Path:
    """The environment of requirements/`name`.txt, built where it is not kept. Raises CannotBuild.

    It is kept outside the clone, by the pins, the Python version and the processor; whatever changes these builds anew.
    """
    pins = FOLDER / f"{name}.txt"
    key = "\n".join([pins.read_text("utf-8"), platform.python_version(), platform.machine(), _processor()])
    found = CACHE / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    found.mkdir(parents=True, exist_ok=True)
    with (found / "lock").open("w") as lock:  # two suites at a time build it once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (found / "ready").exists():
            _build(found, pins)
            (found / "ready").touch()
    return found / "venv"


class CannotBuild(Exception):
    """What failed, and where its output is."""


def _build(folder: Path, pins: Path) -> None:
    venv, log = folder / "venv", folder / "build.log"
    sys.stderr.write(f"\nBuilding {pins.stem} for the first time, up to 20 minutes; see {log}\n")
    _run([sys.executable, "-m", "venv", "--clear", str(venv)], log)
    _run([str(venv / "bin" / "pip"), "install", "--no-deps", "-r", str(pins)], log)


def _run(words: list[str], log: Path) -> None:
    with log.open("ab") as out:
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, **BUILD},
                timeout=BUILD_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CannotBuild(f"{words[0]}: {error}; see {log}") from error
    if done.returncode:
        raise CannotBuild(f"{' '.join(words[:3])} failed with {done.returncode}; see {log}")


def _processor() -> str:
    """What the compiler tunes for: code for another processor may not run."""
    told = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else platform.processor()
    return next((line for line in told.splitlines() if line.startswith("flags")), told[:200])


def missing(what: str, why: object) -> None:
    """Skips with the reason; in CI, which has to have everything, fails."""
    words = f"{what} is not to be had here: {why}"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)
