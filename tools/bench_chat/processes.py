"""Starts the three, each in a process of its own; the peers in environments of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.demo_process import clean_environment

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".bench"
SCRIPTS = Path(__file__).parent
PINS = {
    "errbot": ("errbot==6.2.1", "pytest==8.4.2", "setuptools==80.9.0"),
    "opsdroid": ("opsdroid==0.31.0", "setuptools==80.9.0"),
}
"""Both still want `pkg_resources`; Errbot's test backend wants pytest."""


def ours(kind: str, count: int, wide: int, folder: Path) -> dict[str, Any]:
    """kind: a key of `ours.SETS`."""
    return _numbers([sys.executable, "-m", "tools.bench_chat.ours", kind, str(count), str(wide), folder])


def peer(name: str, count: int, wide: int, folder: Path) -> dict[str, Any]:
    """name: a key of PINS."""
    folder.mkdir(parents=True, exist_ok=True)
    return _numbers([peer_python(name), SCRIPTS / f"{name}_peer.py", str(count), str(wide), folder])


def _numbers(words: list[str | Path]) -> dict[str, Any]:
    """What the process measured. Raises RuntimeError with what it said when it fails."""
    ended = subprocess.run(words, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False)
    lines = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    if ended.returncode or not lines:
        raise RuntimeError(f"{words[1]} ended with {ended.returncode}: {ended.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def peer_python(name: str) -> Path:
    """Of the peer's environment, which is made when it is not there or has other versions."""
    home = CACHE / name
    python, stamp, pins = home / "bin" / "python", home / "pins", PINS[name]
    if stamp.exists() and stamp.read_text(encoding="utf-8") == "\n".join(pins):
        return python
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, home], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *pins], check=True, timeout=600)
    stamp.write_text("\n".join(pins), encoding="utf-8")
    return python
