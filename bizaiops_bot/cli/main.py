"""The command line: demo, serve, say, chat, doctor, audit.

Exit codes: 0 done, 1 refused or failed, 2 usage, 3 no bot, 4 timeout.
"""

from __future__ import annotations

import logging
import sys

from bizaiops_bot.cli.lazy import LazyGroup, typer_app
from bizaiops_bot.surfaces.plain_signs import never_fail_to_write

app = typer_app(
    cls=LazyGroup,
    no_args_is_help=True,
    help="BizAIOps: runs a company's machine-learning models from its chat.",
)


@app.callback()
def root() -> None:
    """BizAIOps: runs a company's machine-learning models from its chat."""


def main() -> None:
    """The program `bizaiops`."""
    never_fail_to_write()
    _warnings_to_the_log()
    app()


def _warnings_to_the_log() -> None:
    """Libraries warn programmers; a person at the terminal can do nothing about it. They are in bot.log.

    A filter would not do: libraries put filters back that were there before, also from other threads.
    """
    if not sys.warnoptions:
        logging.captureWarnings(True)
