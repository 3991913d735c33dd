"""What libraries warn of is for programmers: it is kept in the log and never stands before somebody's answer."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import threading, warnings
import importlib
main = importlib.import_module("bizaiops_bot.cli.main")
def app():
    def library():
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("install socks", UserWarning)
    thread = threading.Thread(target=library)
    thread.start()
    thread.join()
    warnings.warn("old", DeprecationWarning)
    print("the answer")
main.app = app
main.main()
"""


def told(*options: str) -> tuple[str, str]:
    done = subprocess.run([sys.executable, *options, "-c", PROGRAM], capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


def test_a_library_that_warns_does_not_reach_the_terminal() -> None:
    assert told() == ("the answer\n", "")


def test_whoever_asks_for_warnings_gets_them() -> None:
    assert "install socks" in told("-W", "always")[1]
