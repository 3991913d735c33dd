"""What a model's file says of drift, the registry and news is obeyed by what the bot reads and where it tells."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bizaiops_bot.adapters.known_models import KnownModels
from bizaiops_bot.app.told_of_models import RegisteredNames, WatchedColumns
from bizaiops_bot.domain.models import DriftSpec, ModelSpec, ModelVersion, Package
from bizaiops_bot.domain.monitoring import DriftReport, FeatureDrift
from bizaiops_bot.domain.notices import NoticeSettings
from bizaiops_bot.domain.values import NoData
from playbooks._health import drift_words
from tests.support.small_engine import START


def column(name: str, *, drifted: bool = False) -> FeatureDrift:
    return FeatureDrift(
        name=name,
        kind="number",
        psi=0.9 if drifted else 0.01,
        p_value=0.0001,
        missing_share=0.0,
        reference_missing_share=0.0,
        missing_p_value=1.0,
        drifted=drifted,
        missing=False,
        change="mean up",
    )


class Drifting:
    """`tenure` drifts, as a counter does; `plan` does not."""

    async def report(self, model: str, *, minutes: float) -> DriftReport | NoData:
        if model == "quiet":
            return NoData(query="rows", window="1 h", searched="nowhere")
        return DriftReport(
            model=model,
            version="v1",
            start=START - timedelta(hours=1),
            end=START,
            rows=900,
            features=(column("tenure", drifted=True), column("plan")),
            score=column("score"),
            onset=START,
        )


def models(**drift: tuple[str, ...]) -> KnownModels:
    return KnownModels([ModelSpec(name="churn", title="Churn", registered_as="churn-prod", drift=DriftSpec(**drift))])


@pytest.mark.parametrize("drift", [{"leave_out": ("tenure",)}, {"columns": ("plan",)}])
async def test_a_column_that_is_left_out_raises_nothing_and_the_report_says_so(
    drift: dict[str, tuple[str, ...]],
) -> None:
    report = await WatchedColumns(Drifting(), models(**drift)).report("churn", minutes=60)
    assert isinstance(report, DriftReport)
    assert ([f.name for f in report.features], report.drifted, report.onset) == (["plan"], (), None)
    assert drift_words(report).endswith("; not watched, as its file says: tenure")


@pytest.mark.parametrize("model", ["churn", "demand"])
async def test_without_a_word_every_column_is_watched(model: str) -> None:
    report = await WatchedColumns(Drifting(), models()).report(model, minutes=60)
    assert report == await Drifting().report(model, minutes=60)
    assert "not watched" not in drift_words(report)


async def test_no_data_stays_no_data() -> None:
    assert isinstance(await WatchedColumns(Drifting(), models()).report("quiet", minutes=60), NoData)


class Registry:
    """Knows models by their names there."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def _version(self, model: str) -> ModelVersion:
        self.asked.append(model)
        return ModelVersion(model=model, version="v1", created=START, summary="", metrics={}, digest="")

    async def versions(self, model: str) -> list[ModelVersion]:
        return [self._version(model)]

    async def all_versions(self) -> dict[str, list[ModelVersion]]:
        return {model: [self._version(model)] for model in ("churn-prod", "churn", "demand")}

    async def version(self, model: str, version: str) -> ModelVersion:
        return self._version(model)

    async def register(self, package: Package, *, key: str) -> ModelVersion:
        return self._version(package.model)

    async def set_alias(self, model: str, alias: str, version: str, *, key: str) -> ModelVersion:
        return self._version(model)


async def test_the_registry_is_asked_by_its_own_name_and_answers_by_ours() -> None:
    there = Registry()
    port = RegisteredNames(there, models())
    package = Package(model="churn", version="v1", artifact="a", digest="d", size_bytes=1, metrics={}, summary="")
    told = [
        *await port.versions("churn"),
        await port.register(package, key="k"),
        await port.set_alias("churn", "champion", "v1", key="k"),
    ]
    assert there.asked == ["churn-prod"] * 3 and {version.model for version in told} == {"churn"}
    assert (await port.versions("demand"))[0].model == "demand" == there.asked[-1]


async def test_of_all_models_each_is_told_by_our_name_once() -> None:
    found = await RegisteredNames(Registry(), models()).all_versions()
    assert {model: versions[0].model for model, versions in found.items()} == {"churn": "churn", "demand": "demand"}
    assert (await RegisteredNames(Registry(), models()).version("churn", "v1")).model == "churn"


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ({"churn": "churn"}, {"churn": "churn", "demand": "demand"}),
        ({"churn": "demand", "demand": "churn"}, {"churn": "demand", "demand": "churn"}),
        ({"churn": "nothing-yet"}, {"churn": None, "demand": "demand"}),
    ],
)
async def test_a_model_may_have_its_own_name_there_or_another_models(
    names: dict[str, str], told: dict[str, str | None]
) -> None:
    class There(Registry):
        async def all_versions(self) -> dict[str, list[ModelVersion]]:
            return {m: [self._version(m).model_copy(update={"summary": m})] for m in ("churn", "demand")}

    specs = [ModelSpec(name=name, title=name, registered_as=there) for name, there in names.items()]
    found = await RegisteredNames(There(), KnownModels(specs)).all_versions()
    assert {model: versions[0].summary if versions else None for model, versions in found.items()} == told
    assert all(version.model == model for model, versions in found.items() for version in versions)


def test_a_models_channel_gets_its_alerts_and_digests_and_nobody_elses() -> None:
    settings = NoticeSettings().with_channels({"churn": ["slack:#churn"]})
    assert settings.destinations("alert", "churn", "danger") == ("slack:#churn",)
    assert settings.destinations("digest", "churn") == ("slack:#churn",)
    assert settings.destinations("approval", "churn") == settings.destinations("alert", "demand", "danger") == ()
