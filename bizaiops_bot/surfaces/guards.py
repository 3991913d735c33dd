"""What stands before every request: host and origin, a size limit, security headers. Plain ASGI: streams pass."""

from __future__ import annotations

import json
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 256 * 1024
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Refuses what a foreign page could make a browser send (DNS rebinding, cross-site posts) and bodies over MAX_BODY.

    hosts: names this bot is reached by besides localhost; "*" trusts every name (behind a proxy that checks it).
    paths: of chat platforms, whose requests come from elsewhere and are signed; the size limit is theirs, too.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = (), paths: Iterable[str] = ()) -> None:
        self.app = app
        self.paths = frozenset(paths)
        self.hosts = LOCAL_HOSTS | {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        reply = _with_security_headers(send)
        headers = Headers(scope=scope)
        wrong = None if scope["path"] in self.paths else self._wrong_sender(scope, headers)
        if wrong is not None:
            await _refuse(reply, *wrong)
            return
        if scope["method"] in SAFE:
            await self.app(scope, receive, reply)
            return
        body = await _read_body(receive, headers)
        if body is None:
            limit = f"This bot takes at most {MAX_BODY // 1024} kB."
            await _refuse(reply, 413, "The request is too large.", limit, "Send less text.")
            return
        await self.app(scope, _replay(body, receive), reply)

    def _wrong_sender(self, scope: Scope, headers: Headers) -> tuple[int, str, str, str] | None:
        host = headers.get("host", "")
        name = _name(f"//{host}")
        if "*" not in self.hosts and name not in self.hosts and scope["path"] not in PROBES:
            allowed = ", ".join(sorted(self.hosts))
            return (
                400,
                f"This bot is not reached by the name {name[:80]!r}.",
                f"It answers to {allowed}.",
                "Use one of these.",
            )
        if scope["method"] in SAFE:
            return None
        origin = headers.get("origin")
        foreign = headers.get("sec-fetch-site", "same-origin") in {"cross-site", "same-site"}
        if foreign or (origin is not None and urlsplit(origin).netloc.lower() != host.lower()):
            return (
                403,
                "Another web site may not act here.",
                "The request came from another origin.",
                "Use the bot's own page.",
            )
        return None


def _name(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _with_security_headers(send: Send) -> Send:
    async def reply(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for key, value in SECURITY_HEADERS.items():
                headers.setdefault(key, value)
        await send(message)

    return reply


async def _read_body(receive: Receive, headers: Headers) -> bytes | None:
    """The whole body, or None over the limit: counted, as a chunked body announces no length."""
    announced = headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > MAX_BODY:
        return None
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _refuse(send: Send, status: int, what: str, why: str, do: str) -> None:
    body = json.dumps({"error": {"what": what, "why": why, "do": do}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
