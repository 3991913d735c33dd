"""What a reader of Slack blocks would be shown, and what Slack would act on in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

LIVE = re.compile(
    r"<[@!#/\w]|@\w|(?<!\w)#\w|://|\b(?:mailto|tel):\w|\w\.[^\W\d_]{2}|:[\w+'-]*[^\W\d_][\w+'-]*:", re.IGNORECASE
)
"""A mention, a channel, a link or an emoji's name."""
_UNSHOWN = {"block_id", "action_id", "callback_id", "private_metadata", "value", "initial_value", "type", "style"}


def shown(thing: Any) -> Iterator[str]:
    """Every string that is drawn; not ids, and not what is filled into an input."""
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, list | tuple):
        for one in thing:
            yield from shown(one)
    elif isinstance(thing, dict):
        for key, value in thing.items():
            if key not in _UNSHOWN or isinstance(value, dict):
                yield from shown(value)


def read_by_slack(thing: Any) -> Iterator[str]:
    """Every mrkdwn text."""
    if isinstance(thing, list | tuple):
        for one in thing:
            yield from read_by_slack(one)
    elif isinstance(thing, dict):
        if thing.get("type") == "mrkdwn":
            yield thing["text"]
        else:
            yield from read_by_slack(list(thing.values()))


def live(texts: Iterator[str]) -> list[str]:
    """The texts in which something would come alive."""
    return [text for text in texts if LIVE.search(text)]
