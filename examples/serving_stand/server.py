"""The stand's HTTP: `/v1` is the wire of the bot's adapter `http`, `/stand` is for whoever plays with it."""

from __future__ import annotations

import hmac
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from examples.serving_stand.company import Company
from examples.serving_stand.problems import Refusal, bad, not_found

Query = dict[str, list[str]]


class Stand:
    """The company behind a port of the machine. rate: requests a second for each model; 0 for none by themselves."""

    def __init__(self, company: Company, host: str, port: int, *, rate: int = 0, token: str = "") -> None:
        self.company, self._rate, self._over = company, rate, threading.Event()
        bound = type("BoundHandler", (Handler,), {"company": company, "token": token})
        self._server = ThreadingHTTPServer((host, port), bound)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def start(self) -> None:
        """Answers from now on, in threads."""
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        if self._rate:
            threading.Thread(target=self._traffic, daemon=True).start()

    def stop(self) -> None:
        """Nobody is answered any more, and the port is free."""
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def _traffic(self) -> None:
        done = int(time.time())
        while not self._over.wait(0.2):
            now = int(time.time())
            for second in range(done, now):
                with self.company.lock:
                    self.company.requests(second, self._rate)
            done = max(done, now)


class Handler(BaseHTTPRequestHandler):
    """One request a connection."""

    company: ClassVar[Company]
    token: ClassVar[str]

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_PUT(self) -> None:
        self._answer(self._put)

    def log_message(self, *_: Any) -> None:
        """What changes something is in the journal."""

    def _answer(self, work: Callable[[list[str], Query], Any]) -> None:
        address = urlsplit(self.path)
        parts = [unquote(part) for part in address.path.strip("/").split("/")]
        try:
            said = self.headers.get("Authorization", "")
            if self.token and not hmac.compare_digest(said.encode(), f"Bearer {self.token}".encode()):
                raise Refusal(401, what="The stand does not know the token.", why="", do="")
            with self.company.lock:
                status, told = 200, work(parts, parse_qs(address.query))
        except Refusal as refused:
            status, told = refused.status, refused.told
        except (KeyError, TypeError, ValueError, IndexError) as wrong:
            status, told = 400, {"what": f"The request cannot be read: {wrong!r}.", "why": "", "do": ""}
        body = json.dumps(told).encode()
        with suppress(ConnectionError):  # who asked has gone
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def _get(self, parts: list[str], query: Query) -> Any:
        services, registry = self.company.services, self.company.registry
        match parts:
            case ["v1", "ready"]:
                versions = sum(map(len, registry.versions.values()))
                return {"says": f"{len(services.splits)} services, {versions} versions"}
            case ["v1", "services"]:
                return [services.reference(model) for model in services.splits]
            case ["v1", "services", environment, model, *rest]:
                self._in(environment, model)
                return self._read_service(model, rest, query)
            case ["v1", "models", *rest]:
                return self._read_registry(rest)
            case ["stand", "calls"]:
                return services.calls
        raise not_found("page", "/".join(parts), ["v1/services", "v1/models", "stand/calls"])

    def _read_registry(self, what: list[str]) -> Any:
        registry = self.company.registry
        match what:
            case []:
                return {model: registry.told(model) for model in registry.versions}
            case [model]:
                return registry.told(model)
            case [model, "versions", version]:
                return registry.one(model, version)
        raise not_found("page of the registry", "/".join(what), ["", "churn", "churn/versions/v1"])

    def _read_service(self, model: str, what: list[str], query: Query) -> Any:
        company = self.company
        match what:
            case []:
                return company.services.told(model)
            case ["snapshot"]:
                return company.services.snapshot(model)
            case ["requests"]:
                start, end = _at(query, "start"), _at(query, "end")
                return company.samples(model, query.get("revision", []), start, end)
            case ["series", metric]:
                start, end = _at(query, "start"), _at(query, "end")
                return company.series(model, metric, start, end, int(query["points"][0]))
        raise not_found("page of a service", "/".join(what), ["", "snapshot", "requests", "series"])

    def _post(self, parts: list[str], query: Query) -> Any:
        given = self._body()
        match parts:
            case ["v1", "services", environment, model, "changes"]:
                self._in(environment, model)
                key = self.headers.get("Idempotency-Key", "")
                if not key:
                    raise bad("A change needs an Idempotency-Key.")
                told = self.company.change(model, given, key)
                self._hold_back()
                return told
            case ["v1", "services", environment, model, "tries"]:
                self._in(environment, model)
                return self.company.try_out(model, given["version"], int(given["requests"]))
            case ["v1", "models", model, "versions"]:
                return self.company.register(model, given)
            case ["stand", "requests"]:
                self.company.requests(int(given["second"]), int(given["count"]), given.get("model"))
                return {}
            case ["stand", "late"]:
                self.company.late_s = float(given["seconds"])
                return {}
        pages = ["v1/services/…/changes", "v1/services/…/tries", "v1/models/…/versions"]
        raise not_found("page", "/".join(parts), pages)

    def _put(self, parts: list[str], query: Query) -> Any:
        match parts:
            case ["v1", "models", model, "aliases", alias]:
                return self.company.set_alias(model, alias, self._body()["version"])
        raise not_found("page", "/".join(parts), ["v1/models/…/aliases/…"])

    def _hold_back(self) -> None:
        """What was changed is changed; others are answered meanwhile."""
        late_s = self.company.late_s
        if late_s:
            self.company.lock.release()
            try:
                time.sleep(late_s)
            finally:
                self.company.lock.acquire()

    def _in(self, environment: str, model: str) -> None:
        services = self.company.services
        if environment != services.environment or model not in services.splits:
            raise not_found("service", f"{model} in {environment}", services.splits)

    def _body(self) -> dict[str, Any]:
        found = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if not isinstance(found, dict):
            raise bad("The body is no JSON object.")
        return found


def _at(query: Query, name: str) -> datetime:
    return datetime.fromisoformat(query[name][0])
