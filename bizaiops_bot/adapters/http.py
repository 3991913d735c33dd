"""A serving system of one's own, reached by a small HTTP API: services, counts of requests, versions.

The wire is told in docs/how-to/connect-your-own-serving.md, and spoken by the program in examples/serving_stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

from bizaiops_bot.bot_api.context import Context
from bizaiops_bot.domain.errors import BadInput, BotError, Conflict, NotFound, Permanent, Temporary
from bizaiops_bot.domain.histogram import Histogram
from bizaiops_bot.domain.models import Artifact, ModelVersion, Package
from bizaiops_bot.domain.monitoring import RevisionSample, SeriesData
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.domain.services import ServiceRef, Snapshot, TrafficState
from bizaiops_bot.domain.tried import Tried
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.ports.clock import Clock

if TYPE_CHECKING:
    from httpx import AsyncClient, Response

T = TypeVar("T")
AGAIN_S = 2.0
TRIES_S = 120.0
"""A hundred requests one after the other take longer than an answer may."""
"""After which a system that did not answer is asked again."""


class _HttpSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["http"] = Field(description="http: a system of your own, by its small HTTP API.")
    base_url: str = Field(pattern=r"^https?://[^\s?#]+$", description='Its address, such as "http://serving:8700".')
    token: SecretStr | None = Field(default=None, description="Bearer token that it asks for; None: it asks for none.")
    timeout_s: float = Field(default=10.0, gt=0, le=60, description="Seconds an answer may take.")

    def wire(self, context: Context) -> Wire:
        return Wire(self, context)


class HttpServingSettings(_HttpSettings):
    """Where services are, and who splits their traffic."""

    def build(self, context: Context) -> HttpServing:
        return HttpServing(self.wire(context))


class HttpMetricsSettings(_HttpSettings):
    """Where requests are counted."""

    def build(self, context: Context) -> HttpMetrics:
        return HttpMetrics(self.wire(context), context.clock)


class HttpRegistrySettings(_HttpSettings):
    """Where versions are registered."""

    def build(self, context: Context) -> HttpRegistry:
        return HttpRegistry(self.wire(context), context.clock)


class Wire:
    """One system's API. What it refuses and what fails is raised in our words."""

    def __init__(self, settings: _HttpSettings, context: Context) -> None:
        self._settings, self._context = settings, context
        self._client: AsyncClient | None = None

    @property
    def place(self) -> str:
        return self._settings.base_url

    async def ready(self) -> Readiness:
        told = await self.ask("GET", ["ready"], dict[str, str])
        return Readiness(ok=True, says=f"http: {self.place}, {told.get('says', 'answers')}")

    async def ask(self, method: str, path: Sequence[str], form: type[T], *, key: str = "", **sent: Any) -> T:
        """path: below /v1, each part as it is. sent: `params`, `json`. Raises Temporary when there is no answer, or
        one of an outage; a change may then have been made, and its key finds that out.
        """
        from httpx import HTTPError

        headers = {"Idempotency-Key": key} if key else {}
        address = "/v1/" + "/".join(quote(part, safe="") for part in path)
        try:
            answer = await self._opened().request(method, address, headers=headers, **sent)
        except HTTPError as error:
            why = str(error) or type(error).__name__
            raise Temporary(f"{self.place} does not answer.", f"{why}.", after_s=AGAIN_S) from error
        if answer.is_error:
            raise self._refused(answer)
        try:
            return TypeAdapter(form).validate_json(answer.content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "the answer"
            raise Permanent(f"{self.place} answered something else.", f"{address}: {where}: {first['msg']}.") from error

    def _opened(self) -> AsyncClient:
        if self._client is None:
            from httpx import AsyncClient

            token = self._settings.token
            headers = {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}
            self._client = AsyncClient(
                base_url=self._settings.base_url, headers=headers, timeout=self._settings.timeout_s, trust_env=False
            )
            self._context.ends.push_async_callback(self._client.aclose)
        return self._client

    def _refused(self, answer: Response) -> BotError:
        try:
            said = Said.model_validate_json(answer.content)
        except ValidationError:
            said = Said(what=f"{self.place} answered {answer.status_code}.")
        if answer.status_code >= 500 or answer.status_code in (408, 425, 429):
            why = said.why or f"It answered {answer.status_code}."
            return Temporary(said.what, why, said.do, after_s=AGAIN_S)
        if answer.status_code == 404 and said.kind:
            return NotFound(said.kind, said.name, said.known)
        if answer.status_code in (401, 403):
            return Permanent(f"{self.place} does not let the bot in.", said.what, "Give it a token that it takes.")
        kinds: dict[int, type[BotError]] = {400: BadInput, 422: BadInput, 409: Conflict}
        return kinds.get(answer.status_code, Permanent)(said.what, said.why, said.do)


class Said(BaseModel):
    """The body of a refusal. kind, name, known: of a name that is not there."""

    what: str
    why: str = ""
    do: str = ""
    kind: str = ""
    name: str = ""
    known: list[str] = []


class _OfServices:
    """What is asked of a service."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def ready(self) -> Readiness:
        return await self._wire.ready()

    async def services(self) -> list[ServiceRef]:
        return await self._wire.ask("GET", ["services"], list[ServiceRef])

    async def _ask(self, method: str, service: ServiceRef, path: Sequence[str], form: type[T], **sent: Any) -> T:
        try:
            return await self._wire.ask(method, ["services", service.environment, service.model, *path], form, **sent)
        except NotFound as unknown:
            if unknown.kind == "service":
                await self._unknown(service)
            raise

    async def _unknown(self, service: ServiceRef) -> NoReturn:
        raise NotFound("service", str(service), map(str, await self.services()))


class HttpServing(_OfServices):
    """See `ports.Serving`."""

    async def traffic(self, service: ServiceRef) -> TrafficState:
        return await self._ask("GET", service, [], TrafficState)

    async def snapshot(self, service: ServiceRef) -> Snapshot:
        return await self._ask("GET", service, ["snapshot"], Snapshot)

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
        more = _artifact(artifact)
        return await self._change(service, key, "set_canary", guard=guard, version=version, percent=percent, **more)

    async def try_out(self, service: ServiceRef, version: str, requests: int) -> Tried:
        sent = {"version": version, "requests": requests}
        return await self._ask("POST", service, ["tries"], Tried, json=sent, timeout=TRIES_S)

    async def promote(self, service: ServiceRef, version: str, *, guard: str, key: str) -> TrafficState:
        return await self._change(service, key, "promote", guard=guard, version=version)

    async def roll_back(
        self, service: ServiceRef, to: str, *, artifact: Artifact | None = None, key: str
    ) -> TrafficState:
        return await self._change(service, key, "roll_back", to=to, **_artifact(artifact))

    async def restore(self, service: ServiceRef, to: Snapshot, *, key: str) -> TrafficState:
        if to.service != service:
            known = await self.traffic(service)
            raise BadInput(f"{known.service} cannot be restored.", f"The snapshot is of {to.service}.", "Take its own.")
        return await self._change(service, key, "restore", spec=to.spec)

    async def pause(self, service: ServiceRef, *, key: str) -> TrafficState:
        return await self._change(service, key, "pause")

    async def resume(self, service: ServiceRef, *, guard: str, key: str) -> TrafficState:
        return await self._change(service, key, "resume", guard=guard)

    async def scale(self, service: ServiceRef, least: int, most: int, *, guard: str, key: str) -> TrafficState:
        return await self._change(service, key, "scale", guard=guard, least=least, most=most)

    async def _change(self, service: ServiceRef, key: str, change: str, **order: Any) -> TrafficState:
        """Makes it, and reads back what is so now."""
        sent = {"change": change, **order}
        made = await self._ask("POST", service, ["changes"], TrafficState, key=key, json=sent)
        return made if not made.settled else await self.traffic(service)


def _artifact(artifact: Artifact | None) -> dict[str, Any]:
    return {} if artifact is None else {"artifact": artifact.model_dump(mode="json")}


class Counted(BaseModel):
    """What is counted of a revision over a window that the question names."""

    revision: str
    requests: int
    errors: int
    latency: Histogram | None = None
    by_minute: tuple[tuple[datetime, int, int], ...] = ()

    def over(self, start: datetime, end: datetime) -> RevisionSample:
        return RevisionSample(start=start, end=end, **{name: getattr(self, name) for name in Counted.model_fields})


class HttpMetrics(_OfServices):
    """See `ports.Metrics`."""

    def __init__(self, wire: Wire, clock: Clock) -> None:
        super().__init__(wire)
        self._clock = clock

    async def health(
        self, service: ServiceRef, revisions: Sequence[str], *, minutes: float
    ) -> list[RevisionSample] | NoData:
        now = self._clock.now()
        return await self._counted(service, revisions, now - timedelta(minutes=minutes), now)

    async def arms(
        self, service: ServiceRef, revisions: Sequence[str], since: datetime
    ) -> list[RevisionSample] | NoData:
        return await self._counted(service, revisions, since, self._clock.now())

    async def series(
        self, service: ServiceRef, metric: str, start: datetime, end: datetime, points: int
    ) -> SeriesData | NoData:
        window = {"start": start.isoformat(), "end": end.isoformat(), "points": points}
        found = await self._ask("GET", service, ["series", metric], SeriesData, params=window)
        return found if any(value is not None for value in found.values) else self._nothing(metric, service, start, end)

    async def _counted(
        self, service: ServiceRef, revisions: Sequence[str], start: datetime, end: datetime
    ) -> list[RevisionSample] | NoData:
        asked = {"revision": list(revisions), "start": start.isoformat(), "end": end.isoformat()}
        found = await self._ask("GET", service, ["requests"], list[Counted], params=asked)
        samples = [one.over(start, end) for one in found if one.requests]
        return samples or self._nothing(f"requests to {', '.join(revisions)}", service, start, end)

    def _nothing(self, query: str, service: ServiceRef, start: datetime, end: datetime) -> NoData:
        window = f"{start.isoformat(timespec='seconds')} to {end.isoformat(timespec='seconds')}"
        return NoData(query=f"{query} of {service}", window=window, searched=self._wire.place)


class HttpRegistry:
    """See `ports.ModelRegistry`."""

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self._wire, self._clock = wire, clock

    async def ready(self) -> Readiness:
        return await self._wire.ready()

    async def versions(self, model: str) -> list[ModelVersion]:
        return await self._wire.ask("GET", ["models", model], list[ModelVersion])

    async def all_versions(self) -> dict[str, list[ModelVersion]]:
        return await self._wire.ask("GET", ["models"], dict[str, list[ModelVersion]])

    async def version(self, model: str, version: str) -> ModelVersion:
        return await self._wire.ask("GET", ["models", model, "versions", version], ModelVersion)

    async def register(self, package: Package, *, key: str) -> ModelVersion:
        artifact = Artifact(uri=package.artifact, digest=package.digest, size_bytes=package.size_bytes)
        made = ModelVersion(created=self._clock.now(), artifact=artifact, by="bizaiops", **_told(package))
        sent = made.model_dump(mode="json", exclude={"aliases", "model"})
        return await self._wire.ask("POST", ["models", package.model, "versions"], ModelVersion, key=key, json=sent)

    async def set_alias(self, model: str, alias: str, version: str, *, key: str) -> ModelVersion:
        path, sent = ["models", model, "aliases", alias], {"version": version}
        return await self._wire.ask("PUT", path, ModelVersion, key=key, json=sent)


def _told(package: Package) -> dict[str, Any]:
    return package.model_dump(include={"model", "version", "summary", "metrics", "digest", "features"})
