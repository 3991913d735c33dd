"""Runs a bot and its web server in one event loop until a signal comes."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Callable

from bizaiops_bot.app.bootstrap import Bot, build
from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.settings import Settings

log = logging.getLogger("bizaiops")


def bind(host: str, port: int) -> socket.socket:
    """The listening socket, taken before anything is trained.

    Raises Permanent when the port is in use or not allowed.
    """
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(256)
    except OSError as exc:
        sock.close()
        raise Permanent(
            f"Port {port} on {host} cannot be used.", f"{exc.strerror}.", f"Give another one: --port {port + 1}"
        ) from exc
    return sock


async def run(settings: Settings, *, demo: bool, ready: Callable[[Bot, float], None]) -> None:
    """Builds, starts and serves; returns after SIGINT or SIGTERM, with everything saved.

    ready: called once with the bot and the seconds it took.
    """
    began = time.perf_counter()
    sock = bind(settings.host, settings.port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    bot = await build(settings)
    try:
        await bot.start()
        loop.add_signal_handler(signal.SIGHUP, bot.reload_soon)
        server = asyncio.create_task(_web(bot, sock, demo=demo))
        ready(bot, time.perf_counter() - began)
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({server, waiting}, return_when=asyncio.FIRST_COMPLETED)
        server.cancel()
        waiting.cancel()
        (ended, _) = await asyncio.gather(server, waiting, return_exceptions=True)
        if isinstance(ended, Exception):
            log.error("the web server stopped", exc_info=ended)
            raise Permanent("The web server stopped.", f"{type(ended).__name__}: {ended}.", "Start the bot again.")
    finally:
        await bot.stop()
        sock.close()


async def _web(bot: Bot, sock: socket.socket, *, demo: bool) -> None:
    import uvicorn

    config = uvicorn.Config(
        bot.app(demo=demo),
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=30,
    )
    server = uvicorn.Server(config)
    # Signals are ours: uvicorn would re-raise them and end the process before the world is saved.
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    await server._serve(sockets=[sock])
