"""Pictures of a card, uploaded into its thread: beside the card, which is there whether they come or not."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict

from slack_sdk.web.async_client import AsyncWebClient

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.surfaces.render.blockkit import Picture
from bizaiops_bot.surfaces.slack.calls import made
from bizaiops_bot.surfaces.slack.failures import FAILURES, reason

log = logging.getLogger("bizaiops.slack")
MOST = 500


class Pictures:
    """One picture of a name a card: what changed is uploaded anew and the old one deleted, what did not is left."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._shown: OrderedDict[tuple[str, str], tuple[str, str]] = OrderedDict()  # -> (SHA-256, file's id)
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()

    def show(self, channel: str, thread: str, card: str, pictures: tuple[Picture, ...]) -> None:
        """In a while."""
        if pictures:
            task = asyncio.create_task(self._show(channel, thread, card, pictures))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _show(self, channel: str, thread: str, card: str, pictures: tuple[Picture, ...]) -> None:
        async with self._turn:
            for picture in pictures:
                try:
                    await self._upload(channel, thread, card, picture)
                except BotError as exc:
                    log.warning("a picture of card %s is not shown: %s", card, exc)
                except Exception:
                    log.exception("a picture of card %s could not be made", card)

    async def _upload(self, channel: str, thread: str, card: str, picture: Picture) -> None:
        data = await asyncio.to_thread(picture.png)
        digest, known = hashlib.sha256(data).hexdigest(), self._shown.get((card, picture.name))
        if known is not None and known[0] == digest:
            return
        call = self._client.files_upload_v2(
            channel=channel,
            thread_ts=thread,
            content=data,
            filename=picture.name,
            title=picture.title,
            alt_txt=picture.title,
        )
        answer = await made("The picture was not uploaded.", call)
        file = str((answer.get("file") or (answer.get("files") or [{}])[0]).get("id", ""))
        self._shown[card, picture.name] = (digest, file)
        self._shown.move_to_end((card, picture.name))
        while len(self._shown) > MOST:
            self._shown.popitem(last=False)
        if known is not None and known[1]:
            await self._delete(known[1])

    async def _delete(self, file: str) -> None:
        try:
            await self._client.files_delete(file=file)
        except FAILURES as exc:
            log.info("an old picture stays: %s", reason(exc))
