"""`bizaiops doctor` asks every port: what cannot be used is told with its reason, and nothing is made by asking."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bizaiops_bot.app.doctor import examine
from bizaiops_bot.settings import Settings
from tests.support.outside import OutsideCompany

NOWHERE = "http://127.0.0.1:9"
OUTSIDE = ("warehouse", "registry", "pipelines", "serving", "metrics", "predictions", "outcomes", "drift")


async def report(settings: Settings, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str]]:
    """(exit code, part -> its line)."""
    code = await examine(settings, NOWHERE)
    lines = capsys.readouterr().out.splitlines()
    return code, {line[6:20].strip(): line for line in lines}


async def test_on_an_empty_folder_all_is_well_and_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = await report(Settings(data=tmp_path / "data"), capsys)
    assert code == 0, lines
    assert all(lines[part].startswith("ok") for part in (*OUTSIDE, "store", "cache", "language")), lines
    assert "made when it is first used" in lines["registry"] and "founded at the first start" in lines["serving"]
    assert not (tmp_path / "data").exists()


BROKEN: list[tuple[str, str, dict[str, Any], str]] = [
    ("registry", "mlflow.db", {}, "mlflow.db"),
    ("warehouse", "warehouse.duckdb", {}, "warehouse.duckdb"),
    ("store", "bizaiops.sqlite", {}, "bizaiops.sqlite"),
    ("registry", "", {"registry": {"tracking_uri": "http://127.0.0.1:9"}}, "http://127.0.0.1:9 did not answer"),
    ("cache", "", {"cache": {"kind": "redis", "url": "redis://:geheim@127.0.0.1:9/0"}}, "refused"),
    ("store", "", {"store": {"kind": "postgres", "url": "postgresql://u:geheim@127.0.0.1:9/d"}}, "127.0.0.1"),
    ("serving", "", {"embedded": {"churn_data": "gone.csv"}}, "gone.csv are not there"),
]


@pytest.mark.parametrize(("part", "file", "chosen", "why"), BROKEN)
async def test_what_cannot_be_used_is_told_with_its_reason_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], part: str, file: str, chosen: dict[str, Any], why: str
) -> None:
    if file:
        (tmp_path / file).write_text("not a database, but long enough to be read as one " * 100)
    code, lines = await report(Settings(data=tmp_path, **chosen), capsys)
    assert code == 1
    assert lines[part].startswith("FAIL") and why in lines[part], lines[part]
    assert "  -> " in lines[part], lines[part]
    assert not any("geheim" in line for line in lines.values())
    assert [other for other, line in lines.items() if line.startswith("FAIL") and other not in OUTSIDE[2:]] in (
        [part],
        [],
    )


async def test_a_company_outside_is_asked_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    company = OutsideCompany.founded(tmp_path / "company")
    settings = company.settings(tmp_path / "data")
    assert "2 models, answers" in (await report(settings, capsys))[1]["serving"]
    company.break_()
    code, lines = await report(settings, capsys)
    assert code == 1 and all("does not answer" in lines[part] for part in OUTSIDE)
