"""The chat's content: messages and cards of a conversation, grouped into threads, oldest first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from bizaiops_bot.conversation.desk import Desk
from bizaiops_bot.domain.feedback import Verdict
from bizaiops_bot.domain.posts import PostedCard, PostedMessage
from bizaiops_bot.surfaces.console.views import fragment

Post = PostedCard | PostedMessage
T = TypeVar("T", PostedCard, PostedMessage)
PAGE = 500
THREADS_SHOWN = 30


@dataclass
class Thread:
    """Posts under their first one. `pending`: ids of messages nothing has answered yet."""

    id: str
    posts: list[Post] = field(default_factory=list)
    pending: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Feed:
    """What a page shows; `head` is the highest seq in it, where the live stream goes on; `hidden` older threads."""

    threads: list[Thread]
    head: int
    hidden: int


async def load_feed(desk: Desk, conversation: str, *, shown: int = THREADS_SHOWN) -> Feed:
    """The last `shown` threads."""
    messages = await _all(lambda after: desk.messages(conversation, after=after, limit=PAGE))
    cards = await _all(lambda after: desk.cards(conversation, after=after, limit=PAGE))
    threads = group(messages, cards)
    posts: list[Post] = [*messages, *cards]
    head = max((post.seq for post in posts), default=0)
    return Feed(threads[-shown:], head, max(0, len(threads) - shown))


async def _all(read: Callable[[int], Awaitable[list[T]]]) -> list[T]:
    posts: list[T] = []
    while True:
        more = await read(posts[-1].seq if posts else 0)
        posts += more
        if len(more) < PAGE:
            return posts


def group(messages: list[PostedMessage], cards: list[PostedCard]) -> list[Thread]:
    """Threads by their beginning. An edited card has a new seq, so it stands where the message it answers stands."""
    asked = {message.id: message.seq for message in messages}

    def place(post: Post) -> tuple[int, int]:
        answers = asked.get(post.reply_to or "") if isinstance(post, PostedCard) else None
        return (post.seq, 0) if answers is None else (answers, post.seq)

    posts: list[Post] = [*messages, *cards]
    threads: dict[str, Thread] = {}
    for post in sorted(posts, key=place):
        threads.setdefault(post.thread, Thread(post.thread)).posts.append(post)
    newest = max((message.seq for message in messages), default=0)
    answered = {card.reply_to for card in cards}
    waiting = frozenset(m.id for m in messages if m.seq == newest and m.id not in answered)
    for thread in threads.values():
        thread.pending = waiting
    return list(threads.values())


def thread_html(thread: Thread, conversation: str, votes: Mapping[str, Verdict] | None = None) -> str:
    """One thread with its reply box. votes: the reader's, by the message that is answered."""
    return fragment("_thread.html", thread=thread, conversation=conversation, votes=votes or {})


def live_html(post: Post) -> tuple[str, str]:
    """A new or edited post inside its thread's frame: the page takes the frame only if the thread is new to it."""
    pending = frozenset({post.id}) if isinstance(post, PostedMessage) else frozenset()
    return "post", thread_html(Thread(post.thread, [post], pending), post.conversation)
