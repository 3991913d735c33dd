"""Learns the intents once, at installation, so that the first start is quick: `python -m bizaiops_bot.router.learn`."""

from __future__ import annotations

from pathlib import Path

from bizaiops_bot.content import content_folder
from bizaiops_bot.engine.runs.playbooks import Playbooks
from bizaiops_bot.router.classifier import BUILT
from bizaiops_bot.router.intents import load_intents
from bizaiops_bot.router.router import Router


def learn() -> None:
    """Writes what was learned into the package; files of other intents go. Raises OSError when it cannot be written."""
    BUILT.mkdir(exist_ok=True)
    before = _files()
    specs = [playbook.spec() for playbook in Playbooks.load(content_folder("playbooks"))]
    Router(load_intents(content_folder("intents")), specs, BUILT).warm()
    made = _files() - before
    for old in before:
        if any(_kind(new) == _kind(old) for new in made):
            old.unlink()


def _files() -> set[Path]:
    return {*BUILT.glob("*-*.npz"), *BUILT.glob("*-*.npy")}


def _kind(path: Path) -> str:
    return path.name.partition("-")[0]


if __name__ == "__main__":
    learn()
