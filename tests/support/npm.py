"""npm programs for tests, installed once in their folder as its lock file says."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")


@cache
def installed(folder: Path, program: str) -> Path:
    """`program` below the folder's node_modules. Skips without npm; in CI that fails."""
    if shutil.which("npm") is None:
        if os.environ.get("CI"):
            pytest.fail("npm is missing, which CI must have")
        pytest.skip(f"{folder.name} needs Node.js: install npm")
    name = re.sub(r"\W+", "-", str(folder.resolve()))[-120:]
    with (Path(tempfile.gettempdir()) / f"bizaiops-npm-{os.getuid()}{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install(found := folder / "node_modules" / program, folder)
    return found


def install(result: Path, folder: Path) -> None:
    """For those who hold the lock: two installations at a time would spoil each other."""
    if not result.exists():
        done = subprocess.run(INSTALL, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        assert result.exists(), f"{result} is not in what npm installed"


def version(node: str) -> tuple[int, int]:
    """Of Node.js; (0, 0) when there is none."""
    if shutil.which(node) is None:
        return (0, 0)
    told = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    match = re.match(r"v(\d+)\.(\d+)", told)
    return (int(match[1]), int(match[2])) if match else (0, 0)
