"""The command line on whatever it is read with: no UTF-8, a pipe that closes, a narrow window, a folder with a strange name."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path

import pyte
import pytest

from tests.support.demo_process import BOT, ROOT, DemoProcess, clean_environment, run_cli

STRANGE = "job%2Fbranch größe #1"
POSIX = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
OLD = ({"PYTHONIOENCODING": "cp1252"}, {"PYTHONIOENCODING": "ascii"}, POSIX)
HERE = ("--url", "URL")
COMMANDS = (
    ("say", "status churn", *HERE),
    ("say", "what models do we have?", *HERE),
    ("say", "how did churn do this week?", *HERE),
    ("say", "show me 漢字 “quoted” – größe", *HERE),
    ("say", "status churn", "--json", *HERE),
    ("say", "x", "--as", "größe", *HERE),
    ("chat", *HERE),
    ("doctor", *HERE),
    ("audit", "show", *HERE),
    ("audit", "verify", *HERE),
    ("route", "deploy churn v2 – größe"),
    ("policy", "check"),
    ("playbooks", "check"),
    ("intents", "list"),
    ("intents", "show", "deploy_model"),
    ("slack", "manifest"),
    ("--help",),
    ("größe",),
    ("audit", "verify", "--data", "größe"),
    ("say", "hi", "--token-file", "größe"),
)


@pytest.fixture(scope="module")
def bot(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    """A bot whose folder has a name that an address would take for its own."""
    folder = tmp_path_factory.mktemp("terminals") / STRANGE
    shutil.copytree(founded, folder)
    running = DemoProcess(folder)
    try:
        yield running.start()
    finally:
        running.end()


def on(bot: DemoProcess, *words: str, **settings: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*BOT, *(word.replace("URL", bot.url) for word in words)],
        env=clean_environment(**settings),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


ALL_IN_ONE = """
import json, os, sys
from bizaiops_bot.cli.main import main
for words in json.loads(sys.argv[1]):
    sys.argv = ["bizaiops", *(os.fsdecode(word.encode()) for word in words)]
    try:
        main()
        code = 0
    except SystemExit as ended:
        code = ended.code
    except BaseException as broken:
        code = f"Traceback: {broken!r}"
    sys.stdout.flush(), sys.stderr.flush()
    os.write(1, f"\\n@@ {code}\\n".encode("ascii", "replace"))
"""
"""All commands in one process, as starting one takes a second; each ends with a line of its exit code."""


def all_on(bot: DemoProcess, **settings: str) -> list[tuple[str, bytes]]:
    """(exit code, all that was written) of each of COMMANDS."""
    commands = json.dumps([[word.replace("URL", bot.url) for word in words] for words in COMMANDS])
    done = subprocess.run(
        [sys.executable, "-c", ALL_IN_ONE, commands],
        env=clean_environment(**settings),
        cwd=ROOT,
        timeout=120,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
    )
    parts = re.split(rb"\n@@ (.*)\n", done.stdout)
    return [(code.decode(), said) for said, code in zip(parts[::2], parts[1::2], strict=False)]


def test_no_command_ends_in_a_traceback_on_a_terminal_without_utf_8(bot: DemoProcess) -> None:
    normal = [code for code, _ in all_on(bot)]
    assert len(normal) == len(COMMANDS) and set(normal) == {"0", "1", "2"}
    for settings in OLD:
        for words, usual, (code, said) in zip(COMMANDS, normal, all_on(bot, **settings), strict=True):
            assert b"Traceback" not in said and code == usual, (words, settings, code, said[-2000:])
            assert said.isascii() or "cp1252" in settings.values(), (words, said)


def test_a_card_has_an_ascii_frame_there_and_json_loses_nothing(bot: DemoProcess) -> None:
    card = on(bot, "say", "status churn", *HERE, PYTHONIOENCODING="ascii").stdout.decode("ascii").splitlines()
    assert card[0].startswith("+- churn: v1 100%") and card[0].endswith("-+")
    told = json.loads(on(bot, "say", "status churn", "--json", *HERE, PYTHONIOENCODING="ascii").stdout)
    assert any("·" in block.get("text", "") for block in told["cards"][0]["blocks"])


@pytest.mark.parametrize("words", [COMMANDS[i] for i in (0, 4, 8, 13, 16)], ids=" ".join)
def test_a_reader_that_stops_reading_ends_the_command_quietly(bot: DemoProcess, words: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [*BOT, *(word.replace("URL", bot.url) for word in words)],
            env=clean_environment(),
            cwd=ROOT,
            timeout=60,
            stdin=subprocess.DEVNULL,
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(write)
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr, done.stderr


@pytest.mark.parametrize("columns", ["1", "40", "400"])
def test_a_card_fits_any_window(bot: DemoProcess, columns: str) -> None:
    shown = on(bot, "say", "status churn", *HERE, COLUMNS=columns)
    assert shown.returncode == 0 and b"Traceback" not in shown.stderr
    if int(columns) >= 40:
        assert max(map(len, shown.stdout.decode().splitlines())) <= int(columns)
        assert "status churn" not in shown.stdout.decode() and "churn: v1 100%" in shown.stdout.decode()


def test_output_that_nobody_watches_has_no_colours(bot: DemoProcess) -> None:
    assert not [said for _, said in all_on(bot) if b"\x1b" in said]
    coloured = on(bot, "say", "status churn", *HERE, FORCE_COLOR="1", NO_COLOR="")
    plain = on(bot, "say", "status churn", *HERE, FORCE_COLOR="1", NO_COLOR="1")
    assert b"\x1b[3" in coloured.stdout and b"\x1b[3" not in plain.stdout


def test_audit_outside_the_bots_folder_finds_the_running_demo(bot: DemoProcess, tmp_path: Path) -> None:
    found = run_cli("audit", "verify", "--url", bot.url, cwd=tmp_path)
    assert found.returncode == 0 and found.stdout.startswith("OK: "), found.stderr
    assert f"Reading {bot.folder}" in found.stderr
    shown = run_cli("audit", "show", "--url", bot.url, "--limit", "1", "--json", cwd=tmp_path)
    assert shown.returncode == 0 and json.loads(shown.stdout)["seq"] > 0


def test_audit_without_any_bot_says_which_folder_was_looked_at_and_what_to_pass(tmp_path: Path) -> None:
    lost = run_cli("audit", "verify", "--url", "http://127.0.0.1:1", cwd=tmp_path)
    assert lost.returncode == 2 and not lost.stdout
    assert (
        str(tmp_path / ".data") in lost.stderr and "--data DIR" in lost.stderr and "http://127.0.0.1:1" in lost.stderr
    )


def test_everything_is_in_the_folder_whatever_its_name(bot: DemoProcess) -> None:
    assert {"bizaiops.sqlite", "warehouse.duckdb", "mlflow.db", "world"} <= {path.name for path in bot.folder.iterdir()}
    assert {path.name for path in bot.folder.parent.iterdir()} == {STRANGE, f"{STRANGE}.log"}


# -- chat in a real terminal -------------------------------------------------------------------------------------------


class Screen:
    """A terminal of a size, drawn as a real one draws it."""

    def __init__(self, *words: str, columns: int = 90, rows: int = 60) -> None:
        self._ours, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        env = {k: v for k, v in clean_environment(TERM="xterm").items() if k not in {"COLUMNS", "NO_COLOR"}}
        self._process = subprocess.Popen(
            [*BOT, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=env, cwd=ROOT, start_new_session=True
        )
        os.close(theirs)
        self._screen = pyte.Screen(columns, rows)
        self._screen.write_process_input = self.types  # it answers where its cursor is
        self._stream = pyte.ByteStream(self._screen)

    def types(self, words: str) -> None:
        os.write(self._ours, words.encode())

    def waits_for(self, pattern: str, *, patience_s: float = 30.0) -> str:
        """Until what is on the screen fits; returns it."""
        end = time.monotonic() + patience_s
        while not re.search(pattern, self.text):
            ready, _, _ = select.select([self._ours], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{pattern!r} is not on the screen:\n{self.text}"
            self._stream.feed(os.read(self._ours, 65536))
        return self.text

    @property
    def text(self) -> str:
        """All lines, without spaces at their ends."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait(timeout=10)
        os.close(self._ours)


def test_the_prompt_stays_below_what_comes_by_itself_with_what_was_half_typed(bot: DemoProcess) -> None:
    screen = Screen("chat", "--url", bot.url, "--conversation", "prompt")
    try:
        screen.waits_for(r"\nengineer>$")
        screen.types("status chu")
        screen.waits_for(r"\nengineer> status chu$")
        bot.post("what models do we have?", by="lead", conversation="prompt")
        shown = screen.waits_for(r"2 models(.|\n)*╯\nengineer> status chu$")
        assert shown.count("engineer>") == 1
        screen.types("rn\r")
        shown = screen.waits_for(r"churn: v1 100%(.|\n)*╯\nengineer>$")
        assert len({len(line) for line in shown.splitlines() if line.startswith(("╭", "│", "╰"))}) == 1
    finally:
        screen.end()


def test_a_pipe_into_chat_is_answered_before_it_ends(bot: DemoProcess) -> None:
    piped = run_cli("chat", "--url", bot.url, "--conversation", "piped", stdin="status demand\n/as lead\n")
    assert piped.returncode == 0
    said = piped.stdout
    assert said.index("engineer> status demand") < said.index("demand: v1 100%") < said.index("engineer> /as lead")
    assert said.rstrip().endswith("Bye. The bot goes on.")
