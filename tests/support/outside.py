"""A company outside of the bot: serving, registry, pipelines and all, kept in one file, as a cluster keeps its own.

Any number of bots in any number of processes look at the same file; a bot that dies takes nothing of it along.
`company.break_()` takes the file away: then nothing answers.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, Field

from bizaiops_bot.adapters.duckdb import DuckDbSettings
from bizaiops_bot.adapters.mlflow import MlflowSettings
from bizaiops_bot.adapters.nothing import (
    NoDriftSettings,
    NoMetricsSettings,
    NoOutcomesSettings,
    NoPipelinesSettings,
    NoPredictionsSettings,
)
from bizaiops_bot.bot_api.context import Context
from bizaiops_bot.domain.builds import Buildable, BuildOrder, BuildRef
from bizaiops_bot.domain.errors import NotFound, Permanent, Temporary
from bizaiops_bot.domain.kpi import Kpi, KpiDay
from bizaiops_bot.domain.models import Artifact, ModelVersion, Package
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.domain.services import Replicas, Revision, ServiceRef, Snapshot, TrafficState
from bizaiops_bot.domain.tried import Tried
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.embedded.settings import (
    EmbeddedDriftSettings,
    EmbeddedMetricsSettings,
    EmbeddedOutcomesSettings,
    EmbeddedPipelinesSettings,
    EmbeddedPredictionsSettings,
    EmbeddedServingSettings,
)
from bizaiops_bot.settings import PORTS, Settings

BEGAN = datetime(2026, 1, 5, 9, tzinfo=UTC)

_SPEC = {"stable", "weights", "replicas", "paused"}


class Model(BaseModel):
    """One served model. weights: version -> percent. aliases: of the registry."""

    stable: str = "v1"
    weights: dict[str, int] = {"v1": 100}
    versions: list[str] = ["v1", "v2"]
    aliases: dict[str, str] = {"champion": "v1"}
    replicas: int = 2
    paused: bool = False


class State(BaseModel):
    """All there is. writes: every call that was to change something, in order."""

    models: dict[str, Model] = {}
    writes: list[str] = []


class OutsideCompany:
    """The company for a test, and every port of it for a bot."""

    def __init__(self, folder: Path) -> None:
        self.file = folder.with_suffix(".json")

    @classmethod
    def founded(cls, folder: Path, *models: str) -> OutsideCompany:
        """Each model serves v1, which is its champion; v2 is registered too. The folder is a company in files as well,
        which says what its models are.
        """
        (folder / "models").mkdir(parents=True, exist_ok=True)
        (folder / "company.yaml").write_text("environment: production\n", encoding="utf-8")
        company, names = cls(folder), models or ("fraud", "pricing")
        for name in names:
            words = f"title: {name.title()} of the bank\ntask: classification\nowner: platform\n"
            (folder / "models" / f"{name}.yaml").write_text(words, encoding="utf-8")
        company.file.write_text(State(models={name: Model() for name in names}).model_dump_json(), encoding="utf-8")
        return company

    def settings(self, data: Path, **others: Any) -> OutsideSettings:
        """Of a bot that has this company at every port."""
        folder = self.file.with_suffix("")
        ports = {port: {"kind": "outside", "folder": folder} for port in PORTS}
        return OutsideSettings(**{"data": data, "company_dir": folder, "environment": "production", **ports, **others})

    @property
    def kept(self) -> State:
        """Raises Temporary while it is broken."""
        try:
            return State.model_validate_json(self.file.read_text(encoding="utf-8"))
        except OSError as away:
            raise Temporary("The company does not answer.", f"{away.strerror}.", after_s=1.0) from away

    def break_(self) -> None:
        self.file.rename(self.file.with_suffix(".away"))

    def mend(self) -> None:
        self.file.with_suffix(".away").rename(self.file)

    async def ready(self) -> Readiness:
        return Readiness(ok=True, says=f"outside: {len(self.kept.models)} models, answers")

    # -- serving -----------------------------------------------------------------------------------

    async def services(self) -> list[ServiceRef]:
        return [_service(name) for name in self.kept.models]

    async def traffic(self, service: ServiceRef) -> TrafficState:
        return _traffic(service.model, self._model(self.kept, service.model))

    async def snapshot(self, service: ServiceRef) -> Snapshot:
        served = self._model(self.kept, service.model)
        words = _traffic(service.model, served).spoken()
        return Snapshot(service=service, spec=served.model_dump(mode="json", include=_SPEC), words=words)

    async def set_canary(
        self,
        service: ServiceRef,
        version: str,
        percent: int,
        *,
        guard: str,
        artifact: Artifact | None = None,
        key: str,
    ) -> TrafficState:
        def change(served: Model) -> None:
            shares = {served.stable: 100 - percent, version: percent}
            served.weights = {name: share for name, share in shares.items() if share}

        return self._change(service.model, f"set_canary {version} {percent}", change)

    async def try_out(self, service: ServiceRef, version: str, requests: int) -> Tried:
        served = self._model(self.kept, service.model)
        if version not in served.versions:
            raise NotFound(f"{service.model} version that is up", version, served.versions)
        return Tried(requests=requests, failed=0, latencies_ms=(10.0,) * requests)

    async def promote(self, service: ServiceRef, version: str, *, guard: str, key: str) -> TrafficState:
        return self._change(service.model, f"promote {version}", lambda served: _all_to(served, version))

    async def roll_back(
        self, service: ServiceRef, to: str, *, artifact: Artifact | None = None, key: str
    ) -> TrafficState:
        return self._change(service.model, f"roll_back {to}", lambda served: _all_to(served, to))

    async def restore(self, service: ServiceRef, to: Snapshot, *, key: str) -> TrafficState:
        spec = Model.model_validate(to.spec)

        def change(served: Model) -> None:
            for name in _SPEC:
                setattr(served, name, getattr(spec, name))

        return self._change(service.model, f"restore {to}", change)

    async def pause(self, service: ServiceRef, *, key: str) -> TrafficState:
        return self._change(service.model, "pause", lambda served: setattr(served, "paused", True))

    async def resume(self, service: ServiceRef, *, guard: str, key: str) -> TrafficState:
        return self._change(service.model, "resume", lambda served: setattr(served, "paused", False))

    async def scale(self, service: ServiceRef, least: int, most: int, *, guard: str, key: str) -> TrafficState:
        return self._change(service.model, f"scale {most}", lambda served: setattr(served, "replicas", most))

    # -- registry ----------------------------------------------------------------------------------

    async def versions(self, model: str) -> list[ModelVersion]:
        known = self.kept.models.get(model)
        return [] if known is None else [_version(model, known, version) for version in known.versions]

    async def all_versions(self) -> dict[str, list[ModelVersion]]:
        return {model: await self.versions(model) for model in self.kept.models}

    async def version(self, model: str, version: str) -> ModelVersion:
        return next(found for found in await self.versions(model) if found.version == version)

    async def register(self, package: Package, *, key: str) -> ModelVersion:
        def change(known: Model) -> None:
            known.versions = list(dict.fromkeys([*known.versions, package.version]))

        self._change(package.model, f"register {package.version}", change)
        return _version(package.model, self._model(self.kept, package.model), package.version)

    async def set_alias(self, model: str, alias: str, version: str, *, key: str) -> ModelVersion:
        self._change(model, f"set_alias {alias} {version}", lambda known: known.aliases.update({alias: version}))
        return _version(model, self._model(self.kept, model), version)

    # -- pipelines: others build here ----------------------------------------------------------------

    async def buildable(self, model: str) -> list[Buildable]:
        return []

    async def all_buildable(self) -> dict[str, list[Buildable]]:
        return {}

    async def new_version(self, model: str, taken: Sequence[str]) -> NoReturn:
        self._refuse(model, "retrain")

    async def start(self, order: BuildOrder, *, key: str) -> NoReturn:
        self._refuse(order.model, "build")

    async def state(self, build: BuildRef) -> NoData:
        return NoData(query=f"build {build}", window="any", searched="the company outside")

    async def log(self, build: BuildRef, *, stage: str = "", tail: int = 40) -> NoData:
        return await self.state(build)

    async def answer(self, build: BuildRef, question: str, proceed: bool, *, key: str) -> NoReturn:
        raise NotFound("build", build.id, [])

    async def stop(self, build: BuildRef, *, key: str) -> NoReturn:
        raise NotFound("build", build.id, [])

    # -- what is measured: nothing yet ---------------------------------------------------------------

    async def scores(self, service: ServiceRef, *_: Any, **__: Any) -> NoData:
        return self._nothing(f"scores of {service.model}")

    async def sketches(self, service: ServiceRef, *_: Any, **__: Any) -> NoData:
        return self._nothing(f"requests to {service.model}")

    async def quality(self, service: ServiceRef, *_: Any, **__: Any) -> NoData:
        return self._nothing(f"quality of {service.model}")

    async def value(self, service: ServiceRef, *_: Any, **__: Any) -> NoData:
        return self._nothing(f"value of {service.model}")

    async def labels(self, model: str, since: datetime) -> NoData:
        return self._nothing(f"labels of {model}")

    async def health(self, service: ServiceRef, *_: Any, **__: Any) -> NoData:
        return self._nothing(f"health of {service.model}")

    async def arms(self, service: ServiceRef, *_: Any, **__: Any) -> NoData:
        return self._nothing(f"arms of {service.model}")

    async def series(self, service: ServiceRef, *_: Any, **__: Any) -> NoData:
        return self._nothing(f"series of {service.model}")

    async def report(self, model: str, *_: Any, **__: Any) -> NoData:
        return self._nothing(f"drift of {model}")

    async def kpis(self) -> list[Kpi]:
        return []

    async def daily(self, kpi: str, start: date, end: date, *, time_zone: str) -> list[KpiDay]:
        raise NotFound("KPI", kpi, [])

    async def fresh(self, kpi: str) -> NoData:
        raise NotFound("KPI", kpi, [])

    async def by_version(self, kpi: str, since: datetime) -> dict[str, KpiDay]:
        raise NotFound("KPI", kpi, [])

    # -- the file --------------------------------------------------------------------------------------

    def _nothing(self, query: str) -> NoData:
        self._model(self.kept, query.rpartition(" ")[2])
        return NoData(query=query, window="any", searched="the company outside")

    def _model(self, state: State, model: str) -> Model:
        if model not in state.models:
            raise NotFound("model", model, state.models)
        return state.models[model]

    def _refuse(self, model: str, what: str) -> NoReturn:
        with self._held() as state:
            state.writes.append(f"{model}: {what}")
        raise Permanent("Nothing is built here.", "Versions come from elsewhere.")

    def _change(self, model: str, what: str, change: Callable[[Model], object]) -> TrafficState:
        with self._held() as state:
            change(self._model(state, model))
            state.writes.append(f"{model}: {what}")
            return _traffic(model, state.models[model])

    @contextmanager
    def _held(self) -> Iterator[State]:
        """The state for one who changes it; written whole or not at all."""
        self.kept  # noqa: B018 (raises when it is broken)
        with self.file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            state = self.kept
            yield state
            draft = self.file.with_suffix(".new")
            draft.write_text(state.model_dump_json(), encoding="utf-8")
            draft.replace(self.file)


def _all_to(served: Model, version: str) -> None:
    served.stable, served.weights, served.paused = version, {version: 100}, False


def _service(model: str) -> ServiceRef:
    return ServiceRef(environment="production", model=model, name=f"{model}-predictor", namespace="ml")


def _traffic(name: str, model: Model) -> TrafficState:
    weights = {} if model.paused else model.weights
    revisions = tuple(
        Revision(
            name=f"{name}-{version}",
            version=version,
            weight=weights.get(version, 0),
            role="stable" if version == model.stable else "canary",
        )
        for version in model.weights
    )
    count = model.replicas
    return TrafficState(
        service=_service(name),
        revisions=revisions,
        replicas=Replicas(ready=count, desired=count, least=count, most=count),
        paused=model.paused,
        generation=model.model_dump_json(include=_SPEC),
        read_at=datetime.now(UTC),
    )


def _version(name: str, model: Model, version: str) -> ModelVersion:
    aliases = tuple(alias for alias, known in model.aliases.items() if known == version)
    return ModelVersion(
        model=name,
        version=version,
        created=BEGAN,
        summary="by the platform team",
        metrics={},
        digest="",
        aliases=aliases,
    )


class OutsidePort(BaseModel, extra="forbid"):
    """Whichever port it stands at."""

    kind: Literal["outside"]
    folder: Path

    def build(self, context: Context) -> OutsideCompany:
        return OutsideCompany(self.folder)


class OutsideSettings(Settings):
    """The union line of each port, with the company outside as one more kind."""

    pipelines: Annotated[EmbeddedPipelinesSettings | NoPipelinesSettings | OutsidePort, Field(discriminator="kind")]
    serving: Annotated[EmbeddedServingSettings | OutsidePort, Field(discriminator="kind")]
    metrics: Annotated[EmbeddedMetricsSettings | NoMetricsSettings | OutsidePort, Field(discriminator="kind")]
    predictions: Annotated[
        EmbeddedPredictionsSettings | NoPredictionsSettings | OutsidePort, Field(discriminator="kind")
    ]
    outcomes: Annotated[EmbeddedOutcomesSettings | NoOutcomesSettings | OutsidePort, Field(discriminator="kind")]
    drift: Annotated[EmbeddedDriftSettings | NoDriftSettings | OutsidePort, Field(discriminator="kind")]
    registry: Annotated[MlflowSettings | OutsidePort, Field(discriminator="kind")]
    warehouse: Annotated[DuckDbSettings | OutsidePort, Field(discriminator="kind")]
