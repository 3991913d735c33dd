"""What whoever starts a bot is told of what stands behind its ports."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bizaiops_bot.app.checkup import Checkup
from bizaiops_bot.cli.start import _tell_ports
from bizaiops_bot.domain.errors import Temporary
from bizaiops_bot.domain.readiness import Readiness


async def fine() -> Readiness:
    return Readiness(ok=True, says="duckdb: kpis.duckdb, answers")


async def away() -> Readiness:
    raise Temporary("The model registry did not answer.", "Connection refused.", "Start it.")


AWAY = "FAIL  registry       The model registry did not answer. Connection refused.  -> Start it."


@pytest.mark.parametrize(
    ("demo", "told"), [(False, ["ok    warehouse      duckdb: kpis.duckdb, answers", AWAY]), (True, [AWAY])]
)
async def test_serve_tells_of_every_port_and_the_demo_of_what_is_away(
    capsys: pytest.CaptureFixture[str], demo: bool, told: list[str]
) -> None:
    bot: Any = SimpleNamespace(checkup=Checkup({"warehouse": fine, "registry": away}))
    await _tell_ports(bot, demo=demo)
    assert capsys.readouterr().out.splitlines() == told
