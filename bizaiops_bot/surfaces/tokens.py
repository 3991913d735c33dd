"""Signing in outside the demo: a bearer token per person."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping

from fastapi import Request
from pydantic import SecretStr


def by_token(tokens: Mapping[str, SecretStr]) -> Callable[[Request], str | None]:
    """Names the person whose token the Authorization header carries; every token is compared, in constant time."""

    def identify(request: Request) -> str | None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not given:
            return None
        found = None
        for person, token in tokens.items():
            if hmac.compare_digest(token.get_secret_value().encode(), given.encode()):
                found = person
        return found

    return identify
