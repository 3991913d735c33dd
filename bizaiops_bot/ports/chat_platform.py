"""A chat outside that shows the bot's cards."""

from __future__ import annotations

from typing import Protocol

from bizaiops_bot.domain.posts import PostedCard


class ChatPlatform(Protocol):
    """A chat outside, such as one Slack workspace, that shows the bot's cards.

    prefix: how the names of its conversations begin, "slack:"; what follows in "slack:C0123" is the `channel` here.
    Errors: Temporary(after_s): surely not accepted (429 with its Retry-After, refused connection). Unknown: may have
    been accepted (time limit, reset or 5xx after the request was sent). Permanent: will never be accepted (it is gone).
    The engine waits, retries and reads back: an adapter makes each call once, and an SDK's own retries are off.
    """

    prefix: str

    async def post(
        self, channel: str, thread_ref: str | None, card: PostedCard, *, outbox_id: str, version: int
    ) -> str:
        """Returns the platform's id (ref) of the message. `outbox_id` and `version` go into the message's metadata.

        thread_ref: the message it answers under; None posts into the channel itself.
        """

    async def edit(self, channel: str, ref: str, card: PostedCard, *, outbox_id: str, version: int) -> None:
        """Replaces the message and its metadata's version. The same edit twice is one."""

    async def find(self, channel: str, outbox_id: str, *, thread_ref: str | None = None) -> tuple[str, int] | None:
        """(ref, version) of the bot's own message with that id in its metadata; None when the channel has none.

        thread_ref: as for `post`; that thread is searched too. None is a promise that posting makes no second one, so
        raises when it cannot tell.
        """
