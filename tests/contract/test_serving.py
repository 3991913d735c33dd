"""What every Serving adapter promises: traffic is what is reported, a key works once, a crash never halves a change."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bizaiops_bot.adapters.embedded.serving import EmbeddedServing
from bizaiops_bot.domain.errors import BadInput, Conflict, NotFound, Permanent
from tests.support.tiny_company import TinyStore, tiny_streams
from tests.support.virtual_clock import VirtualClock

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


def embedded(folder: Path) -> EmbeddedServing:
    infos = [stream.info for stream in tiny_streams()]
    return EmbeddedServing(folder, infos, TinyStore(), VirtualClock(START), START - timedelta(days=60))


@pytest.fixture
def serving(tmp_path: Path) -> EmbeddedServing:
    return embedded(tmp_path)


async def test_at_the_start_the_first_version_gets_everything(serving: EmbeddedServing) -> None:
    state = await serving.traffic("churn")
    assert state.weights == {"v1": 100}
    assert (state.stable, state.canary) == ("v1", None)
    assert state.revisions[0].revision == "churn-v1"


async def test_a_canary_takes_its_share_from_the_stable_version(serving: EmbeddedServing) -> None:
    state = await serving.set_canary("churn", "v2", 10, key="7/1")
    assert state.weights == {"v1": 90, "v2": 10}
    assert (state.stable, state.canary) == ("v1", "v2")
    assert state == await serving.traffic("churn")


async def test_promotion_makes_the_canary_stable_and_the_old_version_idle(serving: EmbeddedServing) -> None:
    await serving.set_canary("churn", "v2", 10, key="7/1")
    state = await serving.promote("churn", "v2", key="7/2")
    assert state.weights == {"v2": 100}
    assert {r.version: r.state for r in state.revisions} == {"v2": "stable", "v1": "idle"}


async def test_restore_removes_the_canary_and_ends_a_pause(serving: EmbeddedServing) -> None:
    await serving.set_canary("churn", "v2", 10, key="7/1")
    await serving.pause("churn", key="7/2")
    state = await serving.restore("churn", "v1", key="7/3")
    assert (state.weights, state.canary, state.paused) == ({"v1": 100}, None, False)


async def test_a_paused_model_has_no_weights_and_resumes_as_it_was(serving: EmbeddedServing) -> None:
    await serving.set_canary("churn", "v2", 25, key="7/1")
    paused = await serving.pause("churn", key="8/1")
    assert paused.paused
    assert paused.weights == {}
    assert (await serving.resume("churn", key="8/2")).weights == {"v1": 75, "v2": 25}


async def test_the_same_key_changes_nothing_twice(serving: EmbeddedServing) -> None:
    await serving.set_canary("churn", "v2", 10, key="7/1")
    await serving.restore("churn", "v1", key="7/2")
    again = await serving.set_canary("churn", "v2", 10, key="7/1")
    assert again.weights == {"v1": 100}, "a write that comes late must not bring the canary back"


async def test_models_do_not_touch_each_other(serving: EmbeddedServing) -> None:
    await serving.set_canary("churn", "v2", 10, key="7/1")
    await serving.scale("demand", 3, key="8/1")
    assert (await serving.traffic("demand")).weights == {"v1": 100}
    assert (await serving.traffic("demand")).replicas == 3
    assert (await serving.traffic("churn")).replicas == 1


@pytest.mark.parametrize("percent", [0, -1, 101])
async def test_a_share_outside_1_to_100_is_refused(serving: EmbeddedServing, percent: int) -> None:
    with pytest.raises(BadInput, match="1 to 100"):
        await serving.set_canary("churn", "v2", percent, key="7/1")
    assert (await serving.traffic("churn")).weights == {"v1": 100}


async def test_a_version_without_an_artifact_is_not_served(serving: EmbeddedServing) -> None:
    for change in (serving.promote, serving.restore):
        with pytest.raises(NotFound):
            await change("churn", "v9", key="7/1")
    with pytest.raises(NotFound):
        await serving.set_canary("churn", "v9", 10, key="7/1")
    assert (await serving.traffic("churn")).weights == {"v1": 100}


async def test_an_unknown_model_is_named_with_the_nearest_known(serving: EmbeddedServing) -> None:
    with pytest.raises(NotFound, match="Did you mean churn"):
        await serving.traffic("chrun")


async def test_the_stable_version_cannot_be_its_own_canary(serving: EmbeddedServing) -> None:
    with pytest.raises(BadInput, match="stable version already"):
        await serving.set_canary("churn", "v1", 10, key="7/1")


async def test_a_paused_model_takes_no_canary_and_no_promotion(serving: EmbeddedServing) -> None:
    await serving.pause("churn", key="7/1")
    with pytest.raises(Conflict, match="resume churn"):
        await serving.set_canary("churn", "v2", 10, key="7/2")
    with pytest.raises(Conflict):
        await serving.promote("churn", "v2", key="7/3")


@pytest.mark.parametrize("replicas", [0, 51])
async def test_replicas_outside_1_to_50_are_refused(serving: EmbeddedServing, replicas: int) -> None:
    with pytest.raises(BadInput, match="1 to 50"):
        await serving.scale("churn", replicas, key="7/1")


async def test_after_a_restart_split_replicas_pause_and_keys_are_as_before(tmp_path: Path) -> None:
    first = embedded(tmp_path)
    await first.set_canary("churn", "v2", 10, key="7/1")
    await first.scale("demand", 4, key="8/1")
    await first.pause("demand", key="8/2")
    second = embedded(tmp_path)
    assert (await second.traffic("churn")).weights == {"v1": 90, "v2": 10}
    assert (await second.traffic("demand")).replicas == 4
    assert (await second.traffic("demand")).paused
    await second.restore("churn", "v1", key="9/1")
    assert (await second.set_canary("churn", "v2", 10, key="7/1")).canary is None


async def test_a_write_that_fails_leaves_traffic_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serving = embedded(tmp_path)

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("bizaiops_bot.adapters.embedded.serving.os.fsync", full_disk)
        with pytest.raises(OSError, match="No space"):
            await serving.set_canary("churn", "v2", 10, key="7/1")
    assert (await serving.traffic("churn")).weights == {"v1": 100}
    assert (await serving.set_canary("churn", "v2", 10, key="7/1")).weights == {"v1": 90, "v2": 10}


async def test_a_broken_state_file_stops_the_start_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "serving.json").write_text(json.dumps({"splits": {"churn": {"stable": "v1"}}}))
    with pytest.raises(Permanent, match=r"serving\.json.*cannot be read"):
        embedded(tmp_path)


async def test_what_a_person_sees_and_what_requests_go_by_are_one_thing(serving: EmbeddedServing) -> None:
    await serving.set_canary("churn", "v2", 30, key="7/1")
    assert serving.split("churn").weights == (await serving.traffic("churn")).weights
    assert serving.newest("churn") == "v2"
