"""The embedded company's serving beyond its promises: names, limits and its file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bizaiops_bot.domain.errors import BadInput, Permanent, Temporary
from tests.contract.stands.embedded_serving import EmbeddedServingStand
from tests.support.services import service


@pytest.fixture
def stand(tmp_path: Path) -> EmbeddedServingStand:
    return EmbeddedServingStand(tmp_path)


async def test_a_revision_is_called_by_model_and_version(stand: EmbeddedServingStand) -> None:
    state = await stand.port.set_canary(stand.service, "v2", 10, guard="0", key="7/1")
    assert [revision.name for revision in state.revisions] == ["churn-v1", "churn-v2"]


async def test_the_newest_is_the_canary_and_without_one_the_stable_version(stand: EmbeddedServingStand) -> None:
    assert stand.port.newest("churn") == "v1"
    await stand.port.set_canary(stand.service, "v2", 30, guard="0", key="7/1")
    assert stand.port.newest("churn") == "v2"
    await stand.port.roll_back(stand.service, "v1", key="7/2")
    assert stand.port.newest("churn") == "v1"


@pytest.mark.parametrize("replicas", [0, 51])
async def test_replicas_outside_1_to_50_are_refused(stand: EmbeddedServingStand, replicas: int) -> None:
    with pytest.raises(BadInput, match="1 to 50"):
        await stand.port.scale(stand.service, replicas, replicas, guard="0", key="7/1")


async def test_a_full_disk_is_told_with_the_file_and_what_to_do(
    stand: EmbeddedServingStand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("bizaiops_bot.embedded.life.serving.os.fsync", full_disk)
        with pytest.raises(Temporary, match=r"No space left on device: .*serving\.json.*disk space"):
            await stand.port.set_canary(stand.service, "v2", 10, guard="0", key="7/1")
    assert stand.served() == {"v1": 100}
    assert (await stand.port.set_canary(stand.service, "v2", 10, guard="0", key="7/1")).weights == {"v1": 90, "v2": 10}


async def test_a_broken_state_file_stops_the_start_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "serving.json").write_text(json.dumps({"splits": {"churn": {"stable": "v1"}}}))
    with pytest.raises(Permanent, match=r"serving\.json.*cannot be read"):
        EmbeddedServingStand(tmp_path)


async def test_a_folder_of_before_has_its_replicas_still(tmp_path: Path) -> None:
    split = {"stable": "v2", "weights": {"v2": 100}, "stable_since": "2026-03-01T08:00:00Z", "replicas": 3}
    (tmp_path / "serving.json").write_text(json.dumps({"splits": {"churn": split}, "keys": ["7/1"]}))
    state = await EmbeddedServingStand(tmp_path).port.traffic(service())
    assert (state.weights, state.replicas.least, state.replicas.most) == ({"v2": 100}, 3, 3)
