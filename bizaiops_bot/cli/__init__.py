"""One file a command group; a command is imported when it is called."""

from __future__ import annotations

from importlib import import_module


def main() -> None:
    """The program, for an editable install from before `cli` was a folder: its script still calls this name."""
    import_module("bizaiops_bot.cli.main").main()
