"""What stands behind each port is asked all at once, and one that hangs keeps nobody waiting."""

from __future__ import annotations

import asyncio

import pytest

from bizaiops_bot.app.checkup import Checkup, Ready, line
from bizaiops_bot.domain.errors import Temporary
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.engine.audit import redaction

FINE = Readiness(ok=True, says="duckdb: answers")


async def fine() -> Readiness:
    return FINE


async def away() -> Readiness:
    raise Temporary("The model registry did not answer.", "Connection refused.", "Start it.")


async def test_who_is_away_says_what_why_and_what_to_do_and_the_others_answer() -> None:
    found = await Checkup({"registry": away, "warehouse": fine}).look()
    assert found["warehouse"] == FINE
    assert line("registry", found["registry"]) == (
        "FAIL  registry       The model registry did not answer. Connection refused.  -> Start it."
    )


async def test_each_is_asked_at_the_same_time() -> None:
    """Each waits until all are asked."""
    asked: list[str] = []
    all_asked = asyncio.Event()

    def one(name: str) -> Ready:
        async def ready() -> Readiness:
            asked.append(name)
            if len(asked) == 3:
                all_asked.set()
            await all_asked.wait()
            return FINE

        return ready

    found = await Checkup({name: one(name) for name in ("a", "b", "c")}, limit_s=60).look()
    assert list(found.values()) == [FINE] * 3


async def test_one_that_hangs_is_told_and_not_asked_again_until_it_has_answered() -> None:
    asked, answers = 0, asyncio.Event()

    async def hangs() -> Readiness:
        nonlocal asked
        asked += 1
        await answers.wait()
        return FINE

    checkup = Checkup({"serving": hangs}, limit_s=0.01)
    for _ in range(3):
        assert (await checkup.look())["serving"].says == "no answer in 0.01 s"
    assert asked == 1
    answers.set()
    assert (await checkup.look())["serving"].ok
    await checkup.stop()


async def test_a_probe_of_the_platform_gets_what_is_known_at_once() -> None:
    answers = asyncio.Event()

    async def slow() -> Readiness:
        await answers.wait()
        return FINE

    checkup = Checkup({"serving": slow}, limit_s=60, fresh_s=0)
    assert checkup.latest() == {}
    answers.set()
    await checkup.look()
    assert checkup.latest() == {"serving": FINE}
    await checkup.stop()


async def test_an_error_of_a_library_is_told_without_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    redaction.know(["hush-hush-hush"])

    async def breaks() -> Readiness:
        raise RuntimeError("cannot log in with hush-hush-hush " + "x" * 1000)

    (found,) = (await Checkup({"registry": breaks}).look()).values()
    assert not found.ok and found.says.startswith("RuntimeError: cannot log in")
    assert "hush" not in found.says and len(found.says) < 300
