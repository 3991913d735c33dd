"""The reference pages say what the bot is: made from its types, and complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bizaiops_bot.adapters.kpi_files import load_kpis
from bizaiops_bot.content import content_folder
from bizaiops_bot.domain import errors
from bizaiops_bot.embedded.settings import EMBEDDED_KPIS
from bizaiops_bot.engine.runs.playbooks import Playbooks
from bizaiops_bot.engine.watch.rule_book import load_rule_book
from bizaiops_bot.router.intents import load_intents
from bizaiops_bot.settings import Settings, variable_names
from bizaiops_bot.surfaces.problems import STATUS
from tests.docs.pages import DOCS, ROOT, headings
from tools.gen_docs import PAGES

REFERENCE = DOCS / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_as_the_types_make_it(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_made_the_same_every_time_and_knows_nothing_of_this_machine(name: str) -> None:
    first, second = PAGES[name](), PAGES[name]()
    assert first == second
    assert str(ROOT) not in first
    assert str(Path.home()) not in first
    assert " object at 0x" not in first


def test_every_setting_has_its_heading() -> None:
    groups = {name.upper() for name in Settings.model_fields}
    single = {f"BIZAIOPS_{name}" for name in groups}
    nested = {name.split("__")[0] for name in variable_names() if "__" in name}
    wanted = {name for name in variable_names() if "__" in name or name not in nested}
    assert wanted | (single - nested) <= set(headings(REFERENCE / "settings.md"))


def test_every_setting_says_what_it_is() -> None:
    text = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    silent = re.findall(r"^#+ `(BIZAIOPS_\w+)`\n\n\n", text, re.MULTILINE)
    assert silent == []


def test_every_playbook_has_its_heading() -> None:
    names = {playbook.name for playbook in Playbooks.load(content_folder("playbooks"))}
    assert names <= set(headings(REFERENCE / "playbooks.md"))


def test_every_intent_has_its_heading() -> None:
    names = {intent.name for intent in load_intents(content_folder("intents"))}
    assert names <= set(headings(REFERENCE / "intents.md"))


def test_every_rule_has_its_heading() -> None:
    names = {rule.name for rule in load_rule_book(content_folder("playbooks") / "rules")}
    assert names <= set(headings(REFERENCE / "rules.md"))


def test_every_kpi_has_its_heading() -> None:
    assert {kpi.id for kpi in load_kpis(EMBEDDED_KPIS)} <= set(headings(REFERENCE / "kpis.md"))


def test_every_adapter_has_its_heading() -> None:
    folder = ROOT / "bizaiops_bot" / "adapters"
    files = {path.stem for path in folder.glob("[a-z]*.py")}
    packages = {path.parent.name for path in folder.glob("[a-z]*/__init__.py")}
    assert files | packages <= set(headings(REFERENCE / "adapters.md"))


def test_every_error_has_its_heading_and_its_status() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.BotError)]
    page = REFERENCE / "errors.md"
    assert {kind.__name__ for kind in kinds} <= set(headings(page))
    for kind in kinds:
        status = next(code for base, code in STATUS if issubclass(kind, base))
        row = re.search(rf"^\| \[`{kind.__name__}`\].*\| (\d+) \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert row is not None and int(row[1]) == status, kind.__name__
