"""What a company's files say of a model, laid over the systems outside: watched columns, names in the registry."""

from __future__ import annotations

from bizaiops_bot.domain.models import DriftSpec, ModelSpec, ModelVersion, Package
from bizaiops_bot.domain.monitoring import DriftReport
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.ports.drift_reports import DriftReports
from bizaiops_bot.ports.model_registry import ModelRegistry
from bizaiops_bot.ports.models import Models


class WatchedColumns:
    """Implements ports.DriftReports over `inner`: columns that a model leaves out are no part of its reports."""

    def __init__(self, inner: DriftReports, models: Models) -> None:
        self._inner, self._models = inner, models

    async def ready(self) -> Readiness:
        return await self._inner.ready()

    async def report(self, model: str, *, minutes: float) -> DriftReport | NoData:
        report = await self._inner.report(model, minutes=minutes)
        spec = await _spec(self._models, model)
        return report if isinstance(report, NoData) or spec is None else watched(report, spec.drift)


def watched(report: DriftReport, drift: DriftSpec) -> DriftReport:
    """The report without the columns that are left out, which it names; what began only in them has not begun."""
    left_out = tuple(f.name for f in report.features if not drift.watches(f.name))
    if not left_out:
        return report
    seen = tuple(f for f in report.features if drift.watches(f.name))
    moved = any(f.drifted or f.missing for f in seen) or report.score.drifted
    onset = report.onset if moved else None
    return report.model_copy(update={"features": seen, "left_out": left_out, "onset": onset})


class RegisteredNames:
    """Implements ports.ModelRegistry over `inner`, where a model may have another name."""

    def __init__(self, inner: ModelRegistry, models: Models) -> None:
        self._inner, self._models = inner, models

    async def ready(self) -> Readiness:
        return await self._inner.ready()

    async def versions(self, model: str) -> list[ModelVersion]:
        found = await self._inner.versions(await self._there(model))
        return [_here(version, model) for version in found]

    async def all_versions(self) -> dict[str, list[ModelVersion]]:
        found = await self._inner.all_versions()
        there = {spec.name: spec.registered_as or spec.name for spec in await self._models.specs()}
        named = {model: versions for model, versions in found.items() if model not in there.values()}
        named |= {model: found.get(name, []) for model, name in there.items()}
        return {model: [_here(version, model) for version in versions] for model, versions in named.items()}

    async def version(self, model: str, version: str) -> ModelVersion:
        return _here(await self._inner.version(await self._there(model), version), model)

    async def register(self, package: Package, *, key: str) -> ModelVersion:
        there = package.model_copy(update={"model": await self._there(package.model)})
        return _here(await self._inner.register(there, key=key), package.model)

    async def set_alias(self, model: str, alias: str, version: str, *, key: str) -> ModelVersion:
        return _here(await self._inner.set_alias(await self._there(model), alias, version, key=key), model)

    async def _there(self, model: str) -> str:
        spec = await _spec(self._models, model)
        return model if spec is None else spec.registered_as or model


def _here(version: ModelVersion, model: str) -> ModelVersion:
    return version if version.model == model else version.model_copy(update={"model": model})


async def _spec(models: Models, name: str) -> ModelSpec | None:
    return next((spec for spec in await models.specs() if spec.name == name), None)
