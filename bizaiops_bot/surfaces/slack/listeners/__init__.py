"""What the bot does about each kind of thing that comes from Slack: one kind a file, each with `register`."""

from __future__ import annotations

from collections.abc import Callable

from slack_bolt.async_app import AsyncApp

from bizaiops_bot.surfaces.slack.listeners import (
    _errors,
    actions,
    agent,
    channels,
    commands,
    home,
    messages,
    reactions,
    shortcuts,
    views,
)
from bizaiops_bot.surfaces.slack.room import Room


def register_all(app: AsyncApp, room: Callable[[], Room]) -> None:
    """The first listener that wants something gets it."""
    for listener in (_errors, messages, actions, views, commands, shortcuts, home, agent, reactions, channels):
        listener.register(app, room)
