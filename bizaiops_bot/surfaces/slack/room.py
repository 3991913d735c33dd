"""What every Slack listener works with."""

from __future__ import annotations

from dataclasses import dataclass, field

from bizaiops_bot.surfaces.slack.progress import Progress
from bizaiops_bot.surfaces.slack.workspace import Workspace


@dataclass(frozen=True)
class Room(Workspace):
    """The workspace, and what is shown in it while the bot works."""

    progress: Progress = field(default_factory=Progress)
    """What people see while their words are worked on; the surface runs it."""
