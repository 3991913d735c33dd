"""What an adapter costs, counted on the sample of the how-to page: one file, one union line, one stand, one heading."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.stands import STANDS
from tests.contract.stands.csv_warehouse import CsvWarehouseStand
from tests.docs.pages import DOCS, ROOT, blocks, headings

PAGE = DOCS / "how-to" / "add-an-adapter.md"
ADAPTER = "examples/csv_warehouse/csv_warehouse.py"
STAND = "tests/contract/stands/csv_warehouse.py"
WRITTEN = {".py", ".md", ".toml", ".yaml", ".yml"}
HIDDEN = {".venv", ".git", "node_modules"}
NAME = re.compile("csv_?warehouse", re.IGNORECASE)
SHOWN = {block.file: block.text for block in blocks(PAGE) if block.file}


def lines(file: str) -> list[str]:
    return (ROOT / file).read_text(encoding="utf-8").splitlines()


def test_the_sample_is_one_small_file_and_one_small_stand() -> None:
    assert [file.name for file in (ROOT / ADAPTER).parent.glob("*.*")] == ["csv_warehouse.py"]
    assert len(lines(ADAPTER)) <= 90
    assert len(lines(STAND)) < 50


def test_nothing_else_knows_the_sample() -> None:
    files = [f for f in ROOT.rglob("*") if f.suffix in WRITTEN and not HIDDEN & set(f.relative_to(ROOT).parts)]
    found = {str(f.relative_to(ROOT)) for f in files if NAME.search(f.read_text(encoding="utf-8"))}
    tests = {"tests/docs/test_example_adapter.py"}
    pages = {"docs/how-to/add-an-adapter.md", "docs/reference/adapters.md"}
    assert found == {ADAPTER, STAND, "tests/contract/stands/__init__.py"} | tests | pages


def test_it_joins_with_an_import_and_its_name_under_the_port() -> None:
    named = [line for line in lines("tests/contract/stands/__init__.py") if "CsvWarehouseStand" in line]
    assert len(named) == 2
    assert CsvWarehouseStand in STANDS["warehouse"]


def test_it_has_one_heading() -> None:
    assert headings(DOCS / "reference" / "adapters.md").count("csv_warehouse") == 1


@pytest.mark.parametrize("file", [ADAPTER, STAND])
def test_the_page_shows_the_files_as_they_are(file: str) -> None:
    assert SHOWN[file] == (ROOT / file).read_text(encoding="utf-8")


UNION = "bizaiops_bot/settings/ports.py"
STAND_LINE, UNION_LINE = (block.text.rstrip("\n") for block in blocks(PAGE) if block.language == "text")
ASKS = """
import asyncio, sys
from datetime import date
from pathlib import Path

from bizaiops_bot.app.bootstrap import build
from bizaiops_bot.settings import load_settings

async def ask() -> None:
    bot = await build(load_settings())
    (day,) = await bot.core.ports.warehouse.daily("churn_rate", date(2026, 3, 10), date(2026, 3, 10), time_zone="UTC")
    print(type(bot.core.ports.warehouse).__name__, day.value)
    await bot.stop()

asyncio.run(ask())
"""


def test_the_page_shows_the_line_of_the_list() -> None:
    assert STAND_LINE in lines("tests/contract/stands/__init__.py")


def test_its_line_in_the_union_is_all_that_makes_it_a_choice_of_a_whole_bot(tmp_path: Path) -> None:
    """In a copy of the bot that differs by the line and its import, and by nothing else."""
    copy = tmp_path / "copy"
    for part in ("bizaiops_bot", "playbooks", "intents", "deploy/policy", "docs", "examples/csv_warehouse"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("images"))
    text = (copy / UNION).read_text(encoding="utf-8")
    was = next(line for line in text.splitlines() if line.startswith(UNION_LINE.partition("=")[0]))
    named = "from bizaiops_bot.adapters.duckdb import DuckDbSettings\n"
    imported = f"{named}from examples.csv_warehouse.csv_warehouse import CsvWarehouseSettings\n"
    (copy / UNION).write_text(text.replace(was, UNION_LINE).replace(named, imported), encoding="utf-8")
    kpis = tmp_path / "kpis.csv"
    header = "at,kpi,version,numerator,denominator,n"
    kpis.write_text(f"{header}\n2026-03-10T12:00:00Z,churn_rate,v1,30,1000,1000\n", encoding="utf-8")
    chosen = {"WAREHOUSE__KIND": "csv", "WAREHOUSE__PATH": str(kpis), "DATA": str(tmp_path / "data")}
    env = {name: value for name, value in os.environ.items() if not name.startswith("BIZAIOPS_")}
    env |= {f"BIZAIOPS_{name}": value for name, value in chosen.items()} | {"PYTHONPATH": str(copy)}
    told = subprocess.run([sys.executable, "-c", ASKS], cwd=copy, env=env, capture_output=True, text=True, check=False)
    assert told.stdout.split() == ["CsvWarehouse", "3.0"], told.stderr
