"""Learns the intents once, at installation, so that the first start is quick: `python -m bizaiops_bot.router.learn`."""

from __future__ import annotations

from bizaiops_bot.content import content_folder
from bizaiops_bot.engine.registry import Playbooks
from bizaiops_bot.router.classifier import BUILT
from bizaiops_bot.router.intents import load_intents
from bizaiops_bot.router.router import Router


def learn() -> None:
    """Writes what was learned into the package; files of other intents go. Raises OSError when it cannot be written."""
    BUILT.mkdir(exist_ok=True)
    before = {*BUILT.glob("router-*.npz"), *BUILT.glob("handbook-*.npy")}
    specs = [playbook.spec() for playbook in Playbooks.load(content_folder("playbooks"))]
    Router(load_intents(content_folder("intents")), specs, BUILT).warm()
    made = {*BUILT.glob("router-*.npz"), *BUILT.glob("handbook-*.npy")} - before
    for old in before:
        if any(new.suffix == old.suffix for new in made):
            old.unlink()


if __name__ == "__main__":
    learn()
