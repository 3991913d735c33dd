"""Signing in outside the demo: a secret token per person, in a header for programs, in a cookie for browsers."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping

from fastapi import Request
from pydantic import SecretStr
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE = "bizaiops_token"
OPEN = ("/healthz", "/readyz", "/metrics", "/sign-in", "/static/")


def by_token(tokens: Mapping[str, SecretStr]) -> Callable[[Request], str | None]:
    """Names the person whose token the request carries; every token is compared, in constant time."""

    def identify(request: Request) -> str | None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not given:
            given = request.cookies.get(COOKIE, "")
        if not given:
            return None
        found = None
        for person, token in tokens.items():
            if hmac.compare_digest(token.get_secret_value().encode(), given.encode()):
                found = person
        return found

    return identify


class SignedInOnly:
    """Outside the demo nobody reads or writes anything before signing in; probes, sign-in and style stay open.

    paths: more that stay open, exactly these, as their routes check who sends.
    """

    def __init__(self, app: ASGIApp, identify: Callable[[Request], str | None], paths: Iterable[str] = ()) -> None:
        self._app, self._identify = app, identify
        self._paths = frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        free = scope["type"] != "http" or scope["path"] in self._paths or _is_open(scope["path"])
        if free or self._identify(Request(scope)) is not None:
            await self._app(scope, receive, send)
            return
        await _turn_away(scope)(scope, receive, send)


def _is_open(path: str) -> bool:
    return any(path == place or (place.endswith("/") and path.startswith(place)) for place in OPEN)


def _turn_away(scope: Scope) -> Response:
    if scope["method"] == "GET" and not scope["path"].startswith("/api/"):
        return RedirectResponse("/sign-in", 303)
    error = {"what": "You are not signed in.", "why": "", "do": "Send your token: Authorization: Bearer TOKEN."}
    return JSONResponse({"error": error}, 401, {"WWW-Authenticate": "Bearer"})
