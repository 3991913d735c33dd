"""Starts the candidates, each in a process of its own; the peer in an environment of its own, as it wants openai<3."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.support.demo_process import clean_environment

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".bench" / "router"
OURS, PEER = "ours", "peer"
SAME = ("numpy", "onnxruntime", "psutil", "tokenizers")
"""Of these the peer gets the versions that we have."""
PEER_PIN = "semantic-router==1.1.1"


def run(who: str, mode: str, rows: Path, folder: Path) -> dict[str, Any]:
    """Numbers of one process. Raises RuntimeError with what it said when it fails."""
    python = Path(sys.executable) if who == OURS else peer_python()
    words: list[str | Path] = [python, "-m", f"tools.bench_router.{who}", mode, rows, folder]
    ended = subprocess.run(words, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False)
    lines = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    if ended.returncode or not lines:
        raise RuntimeError(f"{who} {mode} ended with {ended.returncode}: {ended.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def peer_python() -> Path:
    """Of the peer's environment, which is made when it is not there or has other versions."""
    python, stamp = HOME / "bin" / "python", HOME / "pins"
    pins = [PEER_PIN, *(f"{name}=={version(name)}" for name in SAME)]
    if stamp.exists() and stamp.read_text(encoding="utf-8") == "\n".join(pins):
        return python
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, HOME], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *pins], check=True, timeout=600)
    stamp.write_text("\n".join(pins), encoding="utf-8")
    return python


def versions() -> str:
    """What is compared, in words."""
    return ", ".join([PEER_PIN.replace("==", " "), *(f"{name} {version(name)}" for name in ("onnxruntime", "numpy"))])
