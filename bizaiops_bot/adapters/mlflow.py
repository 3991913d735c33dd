"""The model registry on MLflow: a file in the data folder by default, or an MLflow server.

MLflow counts versions itself; ours ("v2") is in the tag `version`, its digest and metrics are tags too. Tested with
mlflow-skinny 3.17.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, field_validator

from bizaiops_bot.domain.errors import BadInput, Conflict, NotFound, Permanent, Temporary
from bizaiops_bot.domain.models import ModelVersion, Package
from bizaiops_bot.ports import Clock

T = TypeVar("T")
TAG_MAX = 5_000
"""Characters that MLflow keeps of a tag."""
METRIC = "metric."
SQLITE = "sqlite:///"
PAGE = 200
BUSY = ("TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "INTERNAL_ERROR")


SCHEMES = ("http", "https", "sqlite", "postgresql", "mysql", "mssql")


class MlflowSettings(BaseModel):
    """Where versions are registered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["mlflow"] = "mlflow"
    tracking_uri: str | None = None
    """Address of an MLflow server, such as "http://mlflow:5000"; None keeps the registry in the file mlflow.db of
    the data folder.
    """

    @field_validator("tracking_uri")
    @classmethod
    def _is_an_address(cls, uri: str | None) -> str | None:
        """MLflow takes any other text for a folder, and would keep a registry of its own there."""
        if uri is not None and uri.partition("://")[0] not in SCHEMES:
            raise ValueError(f"an address begins with {', '.join(f'{scheme}://' for scheme in SCHEMES)}")
        return uri

    def build(self, data_dir: Path, clock: Clock | None = None) -> MlflowRegistry:
        """The registry; nothing is opened before the first call. clock: gives `created`; None takes MLflow's own
        time.
        """
        return MlflowRegistry(self.tracking_uri or _address(data_dir.absolute() / "mlflow.db"), clock)


class MlflowRegistry:
    """See `ports.ModelRegistry`. Every call runs in a thread, one at a time; the first opens MLflow (seconds, see
    `warm`).
    """

    def __init__(self, uri: str, clock: Clock | None = None) -> None:
        self.uri = uri
        self._clock = clock
        self._client: Any = None
        # Only one thread at a time: the registry file has one writer, and check-then-create must not overlap.
        self._lock = threading.Lock()

    async def warm(self) -> None:
        """Opens MLflow now, so that the first registration need not wait. Safe to run in the background and more
        than once.
        """
        await self._call(lambda client: client)

    async def versions(self, model: str) -> list[ModelVersion]:
        """See the port; empty for a model that has none."""
        return await self._call(lambda client: _versions(client, model))

    async def register(self, package: Package, *, key: str) -> ModelVersion:
        """See the port."""
        return await self._call(lambda client: self._register(client, package, key))

    async def set_alias(self, model: str, alias: str, version: str, *, key: str) -> ModelVersion:
        """See the port. Raises NotFound for a version that is not registered."""
        return await self._call(lambda client: _set_alias(client, model, alias, version))

    def _register(self, client: Any, package: Package, key: str) -> ModelVersion:
        known = {found.version: found for found in _versions(client, package.model)}
        if package.version not in known:
            _create(client, package, key, self._clock.now() if self._clock else None)
            known = {found.version: found for found in _versions(client, package.model)}
        found = known.get(package.version)
        if found is None:
            raise Temporary(
                f"{package.model} {package.version} is not in the registry after it was added.", after_s=2.0
            )
        if found.digest != package.digest:
            raise Conflict(
                f"{package.model} {package.version} is registered already, with other content.",
                f"Registered is SHA-256 {found.digest[:12]}, this one is {package.digest[:12]}.",
                "A registered version never changes: use a new version number.",
            )
        return found

    async def _call(self, do: Callable[[Any], T]) -> T:
        return await asyncio.to_thread(self._guarded, do)

    def _guarded(self, do: Callable[[Any], T]) -> T:
        with self._lock:
            if self._client is None:
                self._client = _open(self.uri)
            from mlflow.exceptions import MlflowException

            try:
                return do(self._client)
            except MlflowException as error:
                raise _translated(error, self.uri) from error


def _open(uri: str) -> Any:
    """The registry client alone: the full MlflowClient also opens the tracking store, a second more and a folder
    `mlruns`.
    """
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    # An unreachable server shall be told to people, not waited for over minutes.
    os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "1"
    os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] = "10"
    with warnings.catch_warnings():
        # MLflow's own mappings and migrations use what SQLAlchemy and alembic have since deprecated; nothing we could
        # change.
        for package in ("mlflow", "sqlalchemy", "alembic"):
            warnings.filterwarnings("ignore", module=package)
        from mlflow.exceptions import MlflowException
        from mlflow.tracking._model_registry.client import ModelRegistryClient

        # After the import, which sets levels of its own: creating the tables is no news for people.
        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.WARNING)
        try:
            with _without_traces(uri):
                _found(uri, ModelRegistryClient)
                return ModelRegistryClient(uri, uri)  # type: ignore[no-untyped-call]
        except MlflowException as error:
            raise _translated(error, uri) from error
        except OSError as error:
            raise Permanent("The model registry could not be opened.", f"{error.strerror}: {uri}.") from error


def _found(uri: str, open_client: Callable[[str, str], Any]) -> None:
    """Creates the registry's file whole or not at all.

    MLflow fills a new file by dozens of migrations that are not one transaction, and cannot go on with half of them:
    a process killed in the first seconds of its life would leave a registry that never opens again.
    """
    if not uri.startswith(SQLITE) or (file := _file(uri)).exists():
        return
    draft = file.with_name(f".{file.name}.new")
    for left in (draft, draft.with_name(f"{draft.name}-journal")):
        left.unlink(missing_ok=True)
    open_client(_address(draft), _address(draft)).store.engine.dispose()
    draft.replace(file)


def _address(file: Path) -> str:
    """A file as MLflow wants it. Only what an address would take for its own is written in another way."""
    return SQLITE + str(file).replace("%", "%25").replace("?", "%3F")


def _file(address: str) -> Path:
    return Path(unquote(address.removeprefix(SQLITE)))


@contextlib.contextmanager
def _without_traces(address: str) -> Iterator[None]:
    """MLflow makes the folder that it reads in the address, and forgets that the address is written in another way
    than the folder's name: an empty folder "per%2520cent" would stay beside "per%20cent".
    """
    named = Path(address.removeprefix(SQLITE)).parent
    made = [folder for folder in (named, *named.parents) if not folder.exists()] if address.startswith(SQLITE) else []
    try:
        yield
    finally:
        for folder in made:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _versions(client: Any, model: str) -> list[ModelVersion]:
    aliases = _aliases(client, model)
    if aliases is None:
        return []
    found, token = [], None
    while True:
        page = client.search_model_versions(f"name='{model}'", max_results=PAGE, page_token=token)
        found += [version for version in page if "version" in version.tags]
        token = page.token
        if not token:
            break
    found.sort(key=lambda version: int(version.version))
    return [_ours(version, aliases.get(int(version.version), ())) for version in found]


def _aliases(client: Any, model: str) -> dict[int, tuple[str, ...]] | None:
    """MLflow number -> aliases; None when the model is not registered. Servers answer numbers as text, files as int."""
    from mlflow.exceptions import MlflowException

    try:
        registered = client.get_registered_model(model)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
    found: dict[int, tuple[str, ...]] = {}
    for alias, number in sorted(registered.aliases.items()):
        found[int(number)] = (*found.get(int(number), ()), alias)
    return found


def _ours(version: Any, aliases: tuple[str, ...]) -> ModelVersion:
    tags: dict[str, str] = version.tags
    mlflow_time = datetime.fromtimestamp(version.creation_timestamp / 1000, UTC)
    return ModelVersion(
        model=version.name,
        version=tags["version"],
        created=datetime.fromisoformat(tags["created"]) if "created" in tags else mlflow_time,
        summary=version.description or "",
        metrics={name.removeprefix(METRIC): float(value) for name, value in tags.items() if name.startswith(METRIC)},
        digest=tags.get("digest", ""),
        aliases=aliases,
        features=tuple(json.loads(tags.get("features", "[]"))),
    )


def _create(client: Any, package: Package, key: str, now: datetime | None) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(package.model)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    tags = {"version": package.version, "digest": package.digest, "key": key, "size_bytes": str(package.size_bytes)}
    tags |= {f"{METRIC}{name}": json.dumps(value) for name, value in package.metrics.items()}
    if package.features and len(names := json.dumps(package.features)) <= TAG_MAX:
        tags["features"] = names
    if now is not None:
        tags["created"] = now.isoformat()
    # A server refuses local paths as source, and the files are ours to find, so the source is a name.
    source = f"bizaiops://{package.model}/{package.version}"
    client.create_model_version(package.model, source, tags=tags, description=package.summary)


def _set_alias(client: Any, model: str, alias: str, version: str) -> ModelVersion:
    known = _versions(client, model)
    if version not in {found.version for found in known}:
        raise NotFound(f"registered version of {model}", version, [found.version for found in known])
    client.set_registered_model_alias(model, alias, _number(client, model, version))
    after = next(found for found in _versions(client, model) if found.version == version)
    if alias not in after.aliases:
        raise Temporary(f"{model} {version} does not have the alias {alias!r} after it was set.", after_s=2.0)
    return after


def _number(client: Any, model: str, version: str) -> str:
    """MLflow's own number of our version; there is exactly one, because `register` adds a version once."""
    page = client.search_model_versions(f"name='{model}' and tag.version='{version}'", max_results=PAGE)
    return str(page[0].version)


def _translated(error: Any, uri: str) -> Permanent | Temporary:
    reason = str(error).strip().splitlines()[0][:300]
    if error.error_code in BUSY:
        return Temporary(f"The model registry at {uri} did not answer.", reason, after_s=5.0)
    if error.error_code == "INVALID_PARAMETER_VALUE":
        return BadInput("The model registry refused the name.", reason)
    return Permanent("The model registry refused.", reason)
