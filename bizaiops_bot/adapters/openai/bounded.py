"""An HTTP transport that takes no more of an answer than it can be worth."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2

MOST_BYTES = 200_000


class TooMuch(httpx2.TransportError):
    """The answer is longer than any right one, or packed so that its length cannot be told."""


class Bounded(httpx2.AsyncBaseTransport):
    """Passes requests on; cuts the connection when the answer exceeds `most` bytes."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, most: int = MOST_BYTES) -> None:
        self._inner, self._most = inner, most

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["Accept-Encoding"] = "identity"
        response = await self._inner.handle_async_request(request)
        length = response.headers.get("content-length", "")
        packed = response.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}
        if packed or (length.isdigit() and int(length) > self._most):
            await response.aclose()
            raise TooMuch("a packed answer" if packed else f"an answer of {length} bytes", request=request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Counted(response.stream, self._most, request)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, most: int, request: httpx2.Request) -> None:
        self._inner, self._left, self._request = inner, most, request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            self._left -= len(chunk)
            if self._left < 0:
                raise TooMuch("an answer without end", request=self._request)
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()
