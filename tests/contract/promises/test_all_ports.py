"""Every port has its promises, and the embedded company is held to all of them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from bizaiops_bot.app.checkup import Checkup
from tests.contract.stands import STANDS
from tests.contract.stands.stand import Stand

ROOT = Path(__file__).parents[3]
HELD_ELSEWHERE = {
    "chat_platform": "tests/unit/test_slack_platform.py",
    "adapter": "tests/unit/test_checkup.py",
    "words": "tests/contract/test_language.py",
}
COMPANY = {"embedded", "mlflow-sqlite", "duckdb"}
NO_SYSTEM = {"clock", "faults", "models"}
"""Ports with nothing outside that could be away."""
ALL = [(port, kind) for port, kinds in STANDS.items() for kind in kinds]
ASKED = [(port, kind) for port, kind in ALL if port not in NO_SYSTEM]


def test_every_port_has_promises_and_every_promise_a_stand() -> None:
    ports = {file.stem for file in (ROOT / "bizaiops_bot" / "ports").glob("*.py")} - {"__init__"}
    promised = {file.stem.removeprefix("test_") for file in Path(__file__).parent.glob("test_*.py")} - {"all_ports"}

    assert promised == set(STANDS) == ports - set(HELD_ELSEWHERE)
    assert all((ROOT / file).exists() for file in HELD_ELSEWHERE.values())


@pytest.mark.parametrize("port", STANDS)
def test_the_embedded_company_is_held_to_every_promise(port: str) -> None:
    (kind,) = [kind for kind in STANDS[port] if kind.name in COMPANY]

    assert kind.cannot == {}


@pytest.mark.parametrize(("port", "kind"), ASKED, ids=[f"{port}-{kind.name}" for port, kind in ASKED])
async def test_an_adapter_says_whether_it_could_serve_a_request_now(
    port: str, kind: type[Stand], tmp_path: Path
) -> None:
    stand: Any = kind(tmp_path)
    checkup = Checkup({"it": stand.port.ready}, limit_s=60)
    assert (await checkup.look())["it"].ok
    stand.break_()
    broken = (await checkup.look())["it"]
    stand.end()
    assert broken.ok == bool(stand.reads_outlive)
    assert len(broken.says.split()) > 3, "what is so, and why"


@pytest.mark.parametrize(("port", "kind"), ALL, ids=[f"{port}-{kind.name}" for port, kind in ALL])
def test_what_a_stand_is_not_held_to_is_a_promise_and_has_a_reason(port: str, kind: type[Stand]) -> None:
    promises = importlib.import_module(f"tests.contract.promises.test_{port}")

    for name, why in kind.cannot.items():
        assert hasattr(promises, name), f"{kind.__name__}: {name} is no promise"
        assert len(why.split()) >= 3, f"{kind.__name__}: why can it not keep {name}?"
