"""A real `mlflow server` on a SQLite file, and a door in front of it that can be made to fail as networks do."""

from __future__ import annotations

import contextlib
import http.client
import sqlite3
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr

from bizaiops_bot.adapters.mlflow import MlflowRegistry
from tests.contract.stands import mlflow as on_a_file
from tests.contract.stands.stand import RegistryStand
from tests.servers.kept import environment
from tests.support.servers import Server
from tests.support.virtual_clock import VirtualClock

NOW = datetime(2026, 11, 21, 14, tzinfo=UTC)
TABLES = (
    "registered_model_aliases",
    "registered_model_tags",
    "model_version_tags",
    "model_versions",
    "registered_models",
)
Mood = Literal["well", "500", "429", "never", "closed"]
PASSED_ON = ("Content-Type", "Authorization", "Accept")


class MlflowServer(Server):
    """One worker. Raises CannotBuild where it can be neither found nor built."""

    def __init__(self) -> None:
        super().__init__("mlflow")
        self._venv = environment("mlflow")
        self.file = self.folder / "mlflow.db"
        self.file.write_bytes(on_a_file._empty())
        self.door = Door(self.port)

    @property
    def url(self) -> str:
        """Of the server itself."""
        return f"http://127.0.0.1:{self.port}"

    def empty(self) -> None:
        """Forgets every model, and answers again."""
        self.door.mood, self.door.token = "well", None
        with contextlib.closing(sqlite3.connect(self.file)) as database, database:
            for table in TABLES:
                database.execute(f"delete from {table}")

    def says(self, statement: str) -> None:
        """Changes its file behind its back."""
        with contextlib.closing(sqlite3.connect(self.file)) as database, database:
            database.execute(statement)

    def fill(self, models: dict[str, int]) -> None:
        """So many versions of each model, untagged."""
        rows = [(name, n, 1_760_000_000_000 + n) for name, versions in models.items() for n in range(1, versions + 1)]
        with contextlib.closing(sqlite3.connect(self.file)) as database, database:
            database.executemany("insert into registered_models (name) values (?)", [(name,) for name in models])
            database.executemany(
                "insert into model_versions (name, version, creation_time, last_updated_time, current_stage, source, "
                "status) values (?1, ?2, ?3, ?3, 'None', 's3://models', 'READY')",
                rows,
            )

    def end(self) -> None:
        self.door.close()
        super().end()

    def _command(self) -> list[str | Path]:
        quiet = ("MLFLOW_DISABLE_TELEMETRY=true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false")
        server = (self._venv / "bin" / "python", "-m", "mlflow", "server", "--workers", "1", "--host", "127.0.0.1")
        kept = ("--backend-store-uri", f"sqlite:///{self.file}", "--artifacts-destination", self.folder / "artifacts")
        return ["env", *quiet, *server, "--port", str(self.port), *kept]

    def _pings(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False


class Door:
    """Passes requests on while it is well.

    mood: "500" and "429" answer so, "never" keeps the caller waiting, "closed" ends the connection. token: what callers
    must bear; None lets everybody in. asked: paths of the requests so far.
    """

    def __init__(self, port: int) -> None:
        self.mood: Mood = "well"
        self.token: str | None = None
        self.asked: list[str] = []
        self._leave = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(port))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._leave.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self, port: int) -> type[BaseHTTPRequestHandler]:
        door = self

        class Handler(BaseHTTPRequestHandler):
            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self._answer
                raise AttributeError(name)

            def _answer(self) -> None:
                door.asked.append(self.path)
                if door.mood == "never":
                    door._leave.wait(60)
                if door.mood in {"never", "closed"}:
                    self.close_connection = True
                    return
                if door.token is not None and self.headers.get("Authorization") != f"Bearer {door.token}":
                    self._say(401, b"who are you?")
                elif door.mood != "well":
                    self._say(int(door.mood), b'{"error_code": "INTERNAL_ERROR", "message": "not now"}')
                else:
                    self._pass_on()

            def _pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as real:
                    headers = {name: self.headers[name] for name in PASSED_ON if name in self.headers}
                    real.request(self.command, self.path, body, headers)
                    answer = real.getresponse()
                    self._say(answer.status, answer.read())

            def _say(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Not to the terminal of the tests."""

        return Handler


@cache
def server() -> MlflowServer:
    """The one of this process, started when it is first asked for. Raises CannotBuild."""
    made = MlflowServer()
    made.start()
    return made


class MlflowServerStand(RegistryStand):
    """The registry over REST, empty. Broken, it answers every request with 500."""

    name = "mlflow-rest"

    def __init__(self, folder: Path) -> None:
        del folder
        self.server = server()
        self.server.empty()
        self.port: MlflowRegistry = self.again()

    def again(self, token: str | None = None) -> MlflowRegistry:
        secret = None if token is None else SecretStr(token)
        return MlflowRegistry(self.server.door.url, VirtualClock(NOW), token=secret)

    def now(self) -> datetime:
        return NOW

    @property
    def theirs(self) -> Any:
        """MLflow's own client, past the door."""
        from mlflow.tracking import MlflowClient

        return MlflowClient(self.server.url, self.server.url)

    async def by_others(self, model: str, source: str) -> None:
        if not await self.port.versions(model):
            self.theirs.create_registered_model(model)
        self.theirs.create_model_version(model, source)

    def break_(self) -> None:
        self.server.door.mood = "500"

    def mend(self) -> None:
        self.server.door.mood = "well"


def running() -> Iterator[MlflowServer]:
    """Until the tests are over."""
    made = server()
    yield made
    made.end()
    server.cache_clear()
