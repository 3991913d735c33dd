"""The command line against a running bot and without one: what it prints, and exit codes that mean something."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.demo_process import BOT, ROOT, DemoProcess, clean_environment, free_port, run_cli

DONE, FAILED, USAGE, NO_BOT, TIMEOUT = range(5)
COMMANDS = ("demo", "serve", "say", "chat", "doctor", "audit")


@pytest.fixture(scope="module")
def bot(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    """One bot for the module; tests of one conversation each."""
    folder = tmp_path_factory.mktemp("cli") / "data"
    subprocess.run(["cp", "-r", str(founded), str(folder)], check=True)
    running = DemoProcess(folder).start()
    yield running
    running.end()


def say(bot: DemoProcess, *words: str) -> subprocess.CompletedProcess[str]:
    return run_cli("say", *words, "--url", bot.url)


def test_say_prints_the_answer_as_a_card(bot: DemoProcess) -> None:
    said = say(bot, "status churn", "--conversation", "cards")
    assert said.returncode == DONE, said.stderr
    assert "churn: v1 100%" in said.stdout and "p95" in said.stdout
    assert said.stderr == ""


def test_say_prints_json_for_programs(bot: DemoProcess) -> None:
    said = say(bot, "what models do we have?", "--json", "--conversation", "json")
    assert said.returncode == DONE
    heard = json.loads(said.stdout)
    assert heard["cards"][0]["title"] == "2 models"
    assert heard["cards"][0]["reply_to"] == heard["message_id"]


def test_say_tells_by_its_exit_code_how_a_release_went(bot: DemoProcess) -> None:
    place = ("--conversation", "release")
    asked = say(bot, "deploy churn v2 as a 10% canary", *place)
    assert asked.returncode == DONE and "waiting for approval" in asked.stdout

    own = say(bot, "", "--click", "Approve", *place)
    assert own.returncode == FAILED and "requester cannot approve" in own.stdout

    short = say(bot, "", "--click", "Approve", "--as", "lead", "--wait", "0.2", *place)
    assert short.returncode == TIMEOUT and "still going on" in short.stderr

    again = say(bot, "deploy churn v3", "--wait", "5", *place)
    assert again.returncode in (DONE, FAILED) and "churn" in again.stdout

    refused = say(bot, "deploy churn v2", "--as", "analyst", *place)
    assert refused.returncode == FAILED and "analyst" in refused.stdout


def test_say_without_words_a_button_or_a_known_person_says_what_is_wrong(bot: DemoProcess) -> None:
    empty = say(bot, "")
    assert empty.returncode == USAGE and "nothing to say" in empty.stderr
    nobody = say(bot, "help", "--as", "leed")
    assert nobody.returncode == USAGE and "leed" in nobody.stderr and "lead" in nobody.stderr
    button = say(bot, "", "--click", "Explode", "--conversation", "nobody-here")
    assert button.returncode == FAILED and "Explode" in button.stderr
    long = say(bot, "x" * 100_000)
    assert long.returncode == USAGE and "Traceback" not in long.stderr


def test_without_a_bot_say_and_chat_tell_how_to_start_one() -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    for command in (("say", "help"), ("chat",)):
        alone = run_cli(*command, "--url", nowhere)
        assert alone.returncode == NO_BOT
        assert "bizaiops demo" in alone.stdout + alone.stderr


def test_chat_on_standard_input_says_clicks_and_switches_people(bot: DemoProcess) -> None:
    talk = Terminal("chat", "--url", bot.url, "--conversation", "terminal")
    try:
        talk.types("scale demand to 3")
        number = talk.button("Approve")
        talk.types(number)
        talk.shows("requester cannot approve")
        talk.types("/as lead")
        talk.shows("You are lead now")
        talk.types(number, at="lead> ")
        talk.shows("Scale demand: done")
        talk.types("/quit", at="lead> ")
        talk.shows("Bye")
        assert talk.code() == DONE
    finally:
        talk.end()
    piped = run_cli("chat", "--url", bot.url, "--conversation", "piped", stdin="status demand\n")
    assert piped.returncode == DONE and "Bye" in piped.stdout


def test_doctor_names_an_adapter_for_each_port_and_the_running_bot(bot: DemoProcess) -> None:
    healthy = run_cli("doctor", "--data", str(bot.folder), "--url", bot.url)
    assert healthy.returncode == DONE, healthy.stdout
    for part in (
        "pipelines",
        "serving",
        "metrics",
        "outcomes",
        "drift",
        "registry",
        "warehouse",
        "store",
        "playbooks",
        "policy",
    ):
        assert f"ok    {part}" in healthy.stdout
    assert f"{bot.url} answers 200" in healthy.stdout and "FAIL" not in healthy.stdout


def test_doctor_fails_when_a_file_of_data_is_missing(tmp_path: Path) -> None:
    env = clean_environment(BIZAIOPS_EMBEDDED__CHURN_DATA=str(tmp_path / "gone.csv"))
    sick = run_cli("doctor", "--url", f"http://127.0.0.1:{free_port()}", env=env)
    assert (
        sick.returncode == FAILED
        and "FAIL  serving        embedded: churn data" in sick.stdout
        and "gone.csv" in sick.stdout
    )


def test_audit_verify_works_beside_the_running_bot_and_names_a_changed_entry(bot: DemoProcess, tmp_path: Path) -> None:
    bot.says("status churn", conversation="audit")
    whole = run_cli("audit", "verify", "--data", str(bot.folder))
    assert whole.returncode == DONE and "none changed" in whole.stdout
    shown = run_cli("audit", "show", "--data", str(bot.folder), "--limit", "3", "--json")
    assert len([json.loads(line) for line in shown.stdout.splitlines()]) == 3
    none = run_cli("audit", "verify", "--data", str(tmp_path))
    assert none.returncode == USAGE and "--data" in none.stderr


def test_help_is_there_for_every_command() -> None:
    top = run_cli("--help")
    assert top.returncode == DONE and all(command in top.stdout for command in COMMANDS)
    assert "--speed" in run_cli("demo", "--help").stdout
    wrong = run_cli("deploy")
    assert wrong.returncode == USAGE and "Traceback" not in wrong.stderr


def test_a_port_in_use_is_told_before_anything_is_trained(bot: DemoProcess, tmp_path: Path) -> None:
    second = run_cli("demo", "--port", str(bot.port), "--data", str(tmp_path / "other"), "--no-browser")
    assert second.returncode == FAILED
    assert f"Port {bot.port}" in second.stderr and "--port" in second.stderr and "Traceback" not in second.stderr


def test_a_second_bot_on_the_same_folder_is_refused(bot: DemoProcess) -> None:
    second = run_cli("demo", "--port", str(free_port()), "--data", str(bot.folder), "--no-browser")
    assert second.returncode == FAILED
    assert "Another bot is running" in second.stderr and "Traceback" not in second.stderr
    assert bot.is_ready()


def test_a_data_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("a file where the folder should be")
    stopped = run_cli("demo", "--port", str(free_port()), "--data", str(in_the_way / "data"), "--no-browser")
    assert stopped.returncode == FAILED
    assert "cannot be written" in stopped.stderr and "--data DIR" in stopped.stderr
    assert "Traceback" not in stopped.stderr


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("BIZAIOPS_PRT", "1", "BIZAIOPS_PORT"),
        ("BIZAIOPS_EMBEDDED__SPED", "5", "BIZAIOPS_EMBEDDED__SPEED"),
        ("BIZAIOPS_COMPANY__SPEED", "5", "is called BIZAIOPS_EMBEDDED__SPEED now"),
        ("BIZAIOPS_PORT", "many", "BIZAIOPS_PORT"),
    ],
)
def test_a_misspelt_or_unusable_variable_stops_the_start(name: str, value: str, hint: str, tmp_path: Path) -> None:
    for command in (("demo", "--data", str(tmp_path / "d"), "--no-browser"), ("doctor",)):
        stopped = run_cli(*command, env=clean_environment(**{name: value}))
        assert stopped.returncode == USAGE, stopped.stdout + stopped.stderr
        assert name in stopped.stderr and hint in stopped.stderr and "Traceback" not in stopped.stderr
    assert not (tmp_path / "d").exists()


class Terminal:
    """A command in a terminal of its own, as a person has it in front of them."""

    def __init__(self, *words: str) -> None:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [*BOT, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=clean_environment(TERM="dumb"),
            cwd=ROOT,
            start_new_session=True,
        )
        os.close(theirs)
        self._unread = ""
        self.shows("Ctrl-D leaves")

    def types(self, words: str, *, end: str = "\n", at: str = "engineer> ") -> None:
        """Types at the prompt; what comes before the prompt is there would be lost between two modes of the terminal."""
        self.shows(at)
        self._unread = ""
        os.write(self._ours, (words + end).encode())

    def shows(self, words: str, *, patience_s: float = 30) -> str:
        """Reads until `words` are on the screen after the last typed line; returns what was written since."""
        last = time.monotonic() + patience_s
        while words not in self._unread:
            ready, _, _ = select.select([self._ours], [], [], max(0.0, last - time.monotonic()))
            assert ready, f"{words!r} was not shown; the terminal says: {self._unread[-2000:]}"
            try:
                self._unread += os.read(self._ours, 65536).decode(errors="replace")
            except OSError:  # the process closed its end
                assert words in self._unread, self._unread[-2000:]
        return self._unread

    def button(self, label: str) -> str:
        """The number of the newest button with this label."""
        return self.shows(f"] {label}").rpartition(f"] {label}")[0].rpartition("[")[2]

    def code(self) -> int:
        return self._process.wait(timeout=15)

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(timeout=10)
        os.close(self._ours)
