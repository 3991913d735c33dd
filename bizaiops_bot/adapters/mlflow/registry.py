"""The model registry on MLflow: a file in the data folder by default, or an MLflow server.

MLflow counts versions itself: one is called by its number, "8", unless a tag names it ("v2", "1.4.0-rc1"). Ours are
named by the tag `version`, and have their digest and metrics in tags too. Tested with mlflow-skinny 3.17, on a file and
with its server.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from bizaiops_bot.adapters.mlflow.tags import SOURCE, is_ours, numbers, told, written
from bizaiops_bot.bot_api.context import Context
from bizaiops_bot.domain.errors import BadInput, Conflict, NotFound, Permanent, Temporary
from bizaiops_bot.domain.models import ModelVersion, Package
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.domain.values import is_version
from bizaiops_bot.ports.clock import Clock

T = TypeVar("T")
log = logging.getLogger("bizaiops.mlflow")
TAG = "version"
SQLITE = "sqlite:///"
PASSWORD = re.compile(r"//[^/@]*@")
PAGE = 1_000
DENIED = ("UNAUTHENTICATED", "PERMISSION_DENIED", "CUSTOMER_UNAUTHORIZED")
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
    version_tag: str = Field(TAG, pattern=r"^[\w. /-]{1,100}$")
    """The tag that names a version, where it has one that can be a name: "1.4.0-rc1", a git sha. MLflow's number names
    all others.
    """
    token: SecretStr | None = None
    """Bearer token for the server; None takes MLflow's own variable MLFLOW_TRACKING_TOKEN."""

    @field_validator("tracking_uri")
    @classmethod
    def _is_an_address(cls, uri: str | None) -> str | None:
        """MLflow takes any other text for a folder, and would keep a registry of its own there."""
        if uri is not None and uri.partition("://")[0] not in SCHEMES:
            raise ValueError(f"an address begins with {', '.join(f'{scheme}://' for scheme in SCHEMES)}")
        return uri

    def build(self, context: Context) -> MlflowRegistry:
        """The registry; nothing is opened before the first call. The bot's clock gives `created`."""
        uri = self.tracking_uri or _address(context.data.absolute() / "mlflow.db")
        return MlflowRegistry(uri, context.clock, version_tag=self.version_tag, token=self.token)


class MlflowRegistry:
    """See `ports.ModelRegistry`. Every call runs in a thread, writes one at a time; the first opens MLflow (seconds,
    see `warm`).
    """

    def __init__(
        self, uri: str, clock: Clock | None = None, *, version_tag: str = TAG, token: SecretStr | None = None
    ) -> None:
        self.uri = uri
        self._clock, self._tag, self._token = clock, version_tag, token
        self._client: Any = None
        self._opening = threading.Lock()
        # Only one thread at a time writes: the file has one writer, and check-then-create must not overlap.
        self._writing = threading.Lock()

    async def warm(self) -> None:
        """Opens MLflow now, so that the first registration need not wait. Safe to run in the background and more
        than once.
        """
        await self._call(lambda client: client)

    async def ready(self) -> Readiness:
        """See the port."""
        where = f"mlflow: {PASSWORD.sub('//', self.uri)}"
        if self.uri.startswith(SQLITE) and not _file(self.uri).exists():
            return Readiness(ok=True, says=f"{where}, made when it is first used")
        await self._call(lambda client: client.search_registered_models(max_results=1))
        return Readiness(ok=True, says=f"{where}, answers")

    async def versions(self, model: str) -> list[ModelVersion]:
        """See the port; empty for a model that has none."""
        return await self._call(lambda client: self._versions(client, model))

    async def all_versions(self) -> dict[str, list[ModelVersion]]:
        """See the port; two searches, by pages."""
        return await self._call(self._all)

    async def version(self, model: str, version: str) -> ModelVersion:
        """See the port: the metrics of one that others registered are those of the run that made it."""
        return await self._call(lambda client: self._version(client, model, version))

    async def register(self, package: Package, *, key: str) -> ModelVersion:
        """See the port."""
        return await self._call(lambda client: self._register(client, package, key), write=True)

    async def set_alias(self, model: str, alias: str, version: str, *, key: str) -> ModelVersion:
        """See the port. Raises NotFound for a version that is not registered."""
        return await self._call(lambda client: self._set_alias(client, model, alias, version), write=True)

    def _register(self, client: Any, package: Package, key: str) -> ModelVersion:
        known = {found.version: found for found in self._versions(client, package.model)}
        if package.version not in known:
            _create(client, package, self._tag, key, self._clock.now() if self._clock else None)
            known = {found.version: found for found in self._versions(client, package.model)}
        found = known.get(package.version)
        if found is None:
            raise Temporary(
                f"{package.model} {package.version} is not in the registry after it was added.", after_s=2.0
            )
        if found.digest != package.digest:
            theirs = f"SHA-256 {found.digest[:12]}" if found.digest else f"{found.artifact}, by {found.by or 'others'}"
            raise Conflict(
                f"{package.model} {package.version} is registered already, with other content.",
                f"Registered is {theirs}, this one is SHA-256 {package.digest[:12]}.",
                "A registered version never changes: use a new version number.",
            )
        return found

    def _set_alias(self, client: Any, model: str, alias: str, version: str) -> ModelVersion:
        named = self._named(client, model)
        if version not in named:
            raise NotFound(f"registered version of {model}", version, named)
        client.set_registered_model_alias(model, alias, str(named[version].version))
        after = next(found for found in self._versions(client, model) if found.version == version)
        if alias not in after.aliases:
            raise Temporary(f"{model} {version} does not have the alias {alias!r} after it was set.", after_s=2.0)
        return after

    def _versions(self, client: Any, model: str) -> list[ModelVersion]:
        aliases = _aliases(client, model)
        if aliases is None:
            return []
        return [told(name, v, aliases.get(int(v.version), ())) for name, v in self._named(client, model).items()]

    def _named(self, client: Any, model: str) -> dict[str, Any]:
        """Name -> MLflow's version, oldest first."""
        return _names(_pages(client.search_model_versions, "name='{}'".format(model.replace("'", "''"))), self._tag)

    def _all(self, client: Any) -> dict[str, list[ModelVersion]]:
        aliases = {found.name: _by_number(found.aliases) for found in _pages(client.search_registered_models, None)}
        of: dict[str, list[Any]] = {}
        for version in _pages(client.search_model_versions, None):
            of.setdefault(version.name, []).append(version)
        return {
            model: [told(n, v, aliases.get(model, {}).get(int(v.version), ())) for n, v in named.items()]
            for model, named in ((model, _names(of.get(model, []), self._tag)) for model in {**aliases, **of})
        }

    def _version(self, client: Any, model: str, version: str) -> ModelVersion:
        named = self._named(client, model)
        if version not in named:
            raise NotFound(f"registered version of {model}", version, named)
        found = named[version]
        known = told(version, found, (_aliases(client, model) or {}).get(int(found.version), ()))
        more = {} if known.metrics or not found.run_id else {"metrics": self._run(found.run_id)}
        return known.model_copy(update=more)

    def _run(self, run_id: str) -> dict[str, float]:
        """The metrics of a run, none where it is gone."""
        from mlflow.exceptions import MlflowException
        from mlflow.tracking._tracking_service.client import TrackingServiceClient

        try:
            metrics = TrackingServiceClient(self.uri).get_run(run_id).data.metrics  # type: ignore[no-untyped-call]
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return {}
            raise
        return numbers(metrics)

    async def _call(self, do: Callable[[Any], T], *, write: bool = False) -> T:
        return await asyncio.to_thread(self._guarded, do, write)

    def _guarded(self, do: Callable[[Any], T], write: bool = False) -> T:
        with self._opening:
            if self._client is None:
                if self._token is not None:
                    os.environ["MLFLOW_TRACKING_TOKEN"] = self._token.get_secret_value()
                self._client = _open(self.uri)
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        with self._writing if write else contextlib.nullcontext():
            try:
                return do(self._client)
            except MlflowException as error:
                raise _translated(error, self.uri) from error
            except SQLAlchemyError as error:
                raise _unusable(error, self.uri) from error


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
        from sqlalchemy.exc import SQLAlchemyError

        # After the import, which sets levels of its own: creating the tables is no news for people.
        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.WARNING)
        try:
            with _without_traces(uri):
                _found(uri, ModelRegistryClient)
                return ModelRegistryClient(uri, uri)  # type: ignore[no-untyped-call]
        except MlflowException as error:
            raise _translated(error, uri) from error
        except SQLAlchemyError as error:
            raise _unusable(error, uri) from error
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


def _pages(search: Callable[..., Any], wanted: str | None) -> list[Any]:
    found, token = [], None
    while True:
        page = search(wanted, max_results=PAGE, page_token=token)
        found += list(page)
        token = page.token
        if not token:
            return found


def _names(found: list[Any], tag: str) -> dict[str, Any]:
    """Name -> MLflow's version, oldest first. Of two with one name the first has it; the other goes by its number where
    somebody else registered it, and is left out where it is ours, registered by two bots at once.
    """
    named: dict[str, Any] = {}
    for version in sorted(found, key=lambda version: int(version.version)):
        said = version.tags.get(tag, "")
        if is_version(said) and said not in named:
            named[said] = version
        elif not (is_ours(version) and said in named):
            named.setdefault(str(version.version), version)
    if len(named) < len(found):
        log.info("versions of %s in the registry with a name that another one has are left out", found[0].name)
    return named


def _aliases(client: Any, model: str) -> dict[int, tuple[str, ...]] | None:
    """MLflow number -> aliases; None when the model is not registered. Servers answer numbers as text, files as int."""
    from mlflow.exceptions import MlflowException

    try:
        registered = client.get_registered_model(model)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
    return _by_number(registered.aliases)


def _by_number(aliases: dict[str, Any]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for alias, number in sorted(aliases.items()):
        found[int(number)] = (*found.get(int(number), ()), alias)
    return found


def _create(client: Any, package: Package, tag: str, key: str, now: datetime | None) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(package.model)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    tags, source = written(package, tag, key, now), f"{SOURCE}{package.model}/{package.version}"
    client.create_model_version(package.model, source, tags=tags, description=package.summary)


def _unusable(error: Exception, uri: str) -> Permanent:
    """MLflow opens the database itself, and lets through what that says."""
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0][:300]
    do = "Put back what was there, or give another one: BIZAIOPS_REGISTRY__TRACKING_URI."
    return Permanent(f"The model registry {PASSWORD.sub('//', uri)} cannot be used.", f"{reason}.", do)


def _translated(error: Any, uri: str) -> Permanent | Temporary:
    reason = str(error).strip().splitlines()[0][:300]
    if error.error_code in BUSY:
        do = "See whether it is up, and whether BIZAIOPS_REGISTRY__TRACKING_URI is right."
        return Temporary(f"The model registry at {uri} did not answer.", reason, do, after_s=5.0)
    if error.error_code == "INVALID_PARAMETER_VALUE":
        return BadInput("The model registry refused the name.", reason)
    if error.error_code in DENIED:
        do = "Give it a token that it takes: BIZAIOPS_REGISTRY__TOKEN or MLFLOW_TRACKING_TOKEN."
        return Permanent(f"The model registry at {uri} does not let the bot in.", reason, do)
    return Permanent("The model registry refused.", reason)
