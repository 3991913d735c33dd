"""What the pages tell people to type works: code runs, commands parse, links lead somewhere."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from bizaiops_bot.cli.main import app
from tests.docs.pages import DOCS, PAGES, ROOT, anchors, blocks, commands, links, name_of
from tests.support.demo_process import DemoProcess, clean_environment

HOW_TO = [page for page in sorted((DOCS / "how-to").glob("*.md")) if any(b.language == "python" for b in blocks(page))]
NEEDS_A_BOT = "drive-the-bot-from-a-program.md"
COMMANDS = [(name_of(page), line) for page in PAGES for line in commands(page) if "bizaiops " in line]


def prepare(page: Path, folder: Path) -> Path:
    """A checkout with the files the page adds; returns the program made of its other python blocks."""
    for name in ("bizaiops_bot", "playbooks", "intents", "deploy", "tests", "examples"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "encoder", "node_modules")
        )
    shutil.copy(ROOT / "pyproject.toml", folder)
    program = []
    for block in blocks(page):
        if block.file is not None and block.language in {"python", "yaml", "cedar"}:
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            program.append(block.text)
    script = folder / "program.py"
    script.write_text("\n".join(program), encoding="utf-8")
    return script


def run(script: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = clean_environment(**environment) | {"PYTHONPATH": str(script.parent)}
    words = [sys.executable, "-W", "error", script.name]
    return subprocess.run(words, cwd=script.parent, env=env, capture_output=True, text=True, timeout=180, check=False)


@pytest.mark.parametrize("page", [p for p in HOW_TO if p.name != NEEDS_A_BOT], ids=lambda p: p.stem)
def test_the_code_of_a_how_to_page_runs_in_a_checkout(page: Path, tmp_path: Path) -> None:
    done = run(prepare(page, tmp_path))
    assert done.returncode == 0, done.stderr


def test_the_program_that_drives_the_bot_brings_a_version_to_all_traffic(tmp_path: Path) -> None:
    script = prepare(DOCS / "how-to" / NEEDS_A_BOT, tmp_path / "checkout")
    bot = DemoProcess(tmp_path / "data").start()
    try:
        done = run(script, BOT=bot.url)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("succeeded ")
        assert bot.weights("churn") == {"v2": 100}
    finally:
        bot.end()


@pytest.mark.parametrize(("page", "line"), COMMANDS, ids=[f"{page}: {line}" for page, line in COMMANDS])
def test_a_command_line_of_a_page_is_one_the_bot_understands(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    place = next(i for i, word in enumerate(words) if word.rsplit("/", 1)[-1] == "bizaiops")
    command, rest = typer.main.get_command(app), words[place + 1 :]
    while True:
        context = command.make_context("bizaiops", list(rest), resilient_parsing=False)
        if not hasattr(command, "resolve_command"):
            return
        _, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command = found


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        target, _, anchor = link.partition("#")
        if "://" in target:
            continue
        file = (page.parent / target).resolve() if target else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_names_a_place_on_the_machine_it_was_written_on(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert str(ROOT) not in text
    assert not any(f"/{place}/" in text for place in ("tmp", "home", "root"))
