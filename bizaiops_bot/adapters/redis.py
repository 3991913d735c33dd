"""Redis between workers: news of the feed by publish and subscribe. Tested with redis-server 7.0 and redis-py 8.1.

Nothing is kept there. A Redis that is stopped, emptied or frozen costs a second of delay and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.engine.store.signals import Heard, keep_listening, tell

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.getLogger("bizaiops.signals")
QUIET_S = 4.0
"""Silence after which Redis is asked for a sign of life; without one it is taken for lost."""
LAST_S = 0.2
"""How long the end waits for a publication that is under way."""
END_S = 0.1
"""How long each part of the end may take: three of them and `LAST_S` are within the half second that is promised."""


class RedisSettings(BaseModel):
    """A Redis that all workers reach; it carries live updates between them and keeps nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["redis"] = Field(default="redis", description="redis: live updates go through a Redis server.")
    url: SecretStr = Field(
        default=SecretStr("redis://127.0.0.1:6379/0"),
        description="redis://user:password@host:port/0, rediss:// for TLS, unix:///path for a socket.",
    )
    channel: str = Field(
        default="bizaiops",
        pattern=r"^[A-Za-z0-9_.:-]{1,80}$",
        description="Prefix of the channel; bots of different stores on one Redis need different ones.",
    )
    timeout_s: float = Field(
        default=0.5, gt=0, le=5, description="Seconds a publication may take. People's messages never wait for it."
    )

    @field_validator("url")
    @classmethod
    def _is_redis(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("an address begins with redis://, rediss:// or unix://")
        from redis.connection import parse_url

        try:
            parse_url(url.get_secret_value())  # type: ignore[no-untyped-call]
        except ValueError:  # its words may hold the password
            raise ValueError("it is no address such as redis://user:password@host:6379/0") from None
        return url

    def build(self) -> RedisSignals:
        """See `engine.signals.Signals`; nothing is opened before it is used."""
        return RedisSignals(self)

    async def ready(self) -> Readiness:
        """Whether the server answers. Without it the bot goes on, and news are a second late."""
        problem = await asyncio.to_thread(self._problem)
        if not problem:
            return Readiness(ok=True, says="redis: carries live updates between workers, answers")
        do = "Check BIZAIOPS_CACHE__URL; without it news are a second late."
        return Readiness(ok=False, says=f"redis: live updates between workers; {problem}", do=do)

    def _problem(self) -> str:
        """What is wrong with the server, empty when it answers."""
        from redis import Redis as Client
        from redis.exceptions import RedisError

        try:
            with Client.from_url(self.url.get_secret_value(), socket_connect_timeout=2, socket_timeout=2) as client:
                client.ping()
        except (RedisError, OSError) as exc:
            return str(exc) or "no answer"
        return ""


class RedisSignals:
    """See `engine.signals.Signals`. Publications run beside the writes, one at a time: those that come meanwhile are
    told by one with the newest head.
    """

    def __init__(self, settings: RedisSettings) -> None:
        self._settings = settings
        self._channel = f"{settings.channel}:feed"
        self._newest = 0
        self._client: Redis | None = None
        self._publishing: asyncio.Task[None] | None = None
        self._failing = False

    def in_transaction(self, conn: sa.Connection, head: int) -> None:
        """Redis knows no transaction of the store."""

    async def after_commit(self, head: int) -> None:
        self._newest = max(self._newest, head)
        if self._publishing is None or self._publishing.done():
            self._publishing = asyncio.create_task(self._publish(), name="publish to Redis")

    async def run(self, heard: Heard) -> None:
        from redis.exceptions import RedisError

        forever = keep_listening("Redis", self._listen, heard, (RedisError, OSError))
        listening = asyncio.create_task(forever, name="listen to Redis")
        try:
            await asyncio.wait({listening})
            await listening  # it has failed in a way that nobody foresaw
        finally:
            await _end(listening)

    async def close(self) -> None:
        if self._publishing is not None:
            await asyncio.wait({self._publishing}, timeout=LAST_S)
            await _end(self._publishing)
        if self._client is not None:
            await _shut(self._client)
            self._client = None

    async def _publish(self) -> None:
        """Until the newest head is out or Redis fails; the next write tries again."""
        from redis.exceptions import RedisError

        told = 0
        while told < self._newest:
            head = self._newest
            try:
                async with asyncio.timeout(self._settings.timeout_s):
                    self._client = self._client or self._connect()
                    await self._client.publish(self._channel, str(head))
            except (RedisError, OSError) as exc:
                if not self._failing:
                    log.warning("Redis: other workers hear of news up to a second late: %s", exc or "no answer")
                self._failing = True
                return
            told, self._failing = head, False

    async def _listen(self, heard: Heard, connected: Callable[[], None]) -> None:
        client = self._connect()
        try:
            async with client.pubsub() as ear:
                await ear.subscribe(self._channel)
                asked = False
                while True:
                    message = await ear.get_message(timeout=QUIET_S)
                    if message is None and asked:
                        raise TimeoutError(f"silent for {2 * QUIET_S:g} s")
                    asked = message is None
                    if message is None:
                        await ear.ping()
                    elif message["type"] == "subscribe":
                        connected()
                    elif message["type"] == "message":
                        tell(heard, message["data"])
        finally:
            await _shut(client)

    def _connect(self) -> Redis:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        wait = self._settings.timeout_s
        return Redis.from_url(
            self._settings.url.get_secret_value(),
            socket_connect_timeout=wait,
            socket_timeout=wait,
            decode_responses=True,
            retry=Retry(NoBackoff(), 0),  # trying again is ours: within a bound, and told once
        )


async def _end(task: asyncio.Task[None]) -> None:
    """Cancels it until it has ended. Once is not always enough: redis-py 8.1 sends through `asyncio.wait_for`, which in
    Python 3.11 loses a cancel that comes just as the sending is done (https://github.com/python/cpython/issues/86296).
    """
    for _ in range(10):
        task.cancel()
        ended, _running = await asyncio.wait({task}, timeout=END_S / 10)
        if ended:
            return
    log.error("Redis: %s did not end in %g s and was left behind", task.get_name(), END_S)


async def _shut(client: Redis) -> None:
    """Closes its connections without waiting long for a goodbye, which a frozen server does not send."""
    from redis.exceptions import RedisError

    with contextlib.suppress(RedisError, OSError):
        async with asyncio.timeout(END_S):
            await client.aclose()
