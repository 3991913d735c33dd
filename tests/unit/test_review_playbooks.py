"""What was allowed when it was asked for is looked at once more after the approval; a time without a zone is UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bizaiops_bot.domain.errors import Refused
from playbooks.pause_model import pause_model
from playbooks.retrain_model import RetrainModel, _since
from playbooks.scale_model import scale_model
from tests.support.fake_company import Company
from tests.support.run_double import RunDouble, play


def frozen_meanwhile() -> RunDouble:
    """A run whose company is frozen while it waits for approval."""
    world = Company()

    def freeze() -> None:
        world.frozen = "frozen by lead at 4 Mar 08:00 UTC"

    return RunDouble(world, meanwhile=freeze)


async def test_a_freeze_that_comes_while_a_change_waits_stops_it() -> None:
    run = frozen_meanwhile()
    with pytest.raises(Refused, match="frozen by lead"):
        await play(scale_model, run, model="churn", replicas=5)
    assert run.done == ["approval 1"]


async def test_a_freeze_that_comes_while_a_pause_waits_does_not_stop_it() -> None:
    run = frozen_meanwhile()
    await play(pause_model, run, model="churn")
    assert "pause" in " ".join(run.done)


async def test_retraining_since_a_time_without_a_zone_means_utc() -> None:
    ask = RetrainModel.model_validate({"model": "churn", "since": "2026-03-01T12:00:00"})
    assert await _since(RunDouble(Company()), ask) == datetime(2026, 3, 1, 12, tzinfo=UTC)
