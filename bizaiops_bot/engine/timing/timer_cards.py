"""The cards of what begins, ends or is said at a set moment."""

from __future__ import annotations

from bizaiops_bot.domain.cards import Button, Card, Context, Text
from bizaiops_bot.domain.timers import Freeze, Timer, spoken_moment

POSSIBLE = "Rolling back, pausing and resuming stay possible."
_UNFREEZE = Button(label="Unfreeze", command="unfreeze deploys")


def freeze_set(freeze: Freeze, *, ended_by: str = "") -> Card:
    """Home's line about a freeze that was asked for elsewhere."""
    what = f"{freeze.model} changes" if freeze.model else "Changes"
    if ended_by:
        title = f"{what}: the freeze of {freeze.by} is ended by {ended_by}"
        return Card(title=title, tone="muted", summary=f"{title}.")
    title = f"{what} are frozen {freeze.span}, by {freeze.by}"
    said = f"{title}{_why(freeze)}."
    return Card(title=title, tone="warning", summary=said, blocks=(Context(text=said),), buttons=(_UNFREEZE,))


def freeze_begins(freeze: Freeze) -> Card:
    """Told when a freeze that was set before begins."""
    said = f"{_what(freeze)} are frozen now, {freeze.span}, by {freeze.by}{_why(freeze)}. {POSSIBLE}"
    return Card(
        title=f"{_what(freeze)} are frozen now",
        tone="warning",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(_UNFREEZE,),
    )


def freeze_over(freeze: Freeze) -> Card:
    """Told when a freeze has come to its end."""
    said = f"The freeze by {freeze.by}{_why(freeze)} is over: changes may begin again."
    return Card(
        title=f"{_what(freeze)} may begin again",
        tone="success",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(Button(label="Are we frozen?", command="are we frozen?"),),
    )


def _what(freeze: Freeze) -> str:
    return f"{freeze.model} changes" if freeze.model else "Changes"


def _why(freeze: Freeze) -> str:
    return f" ({freeze.why})" if freeze.why else ""


def reminder(made: Timer, who: str, asked_by: str, *, late: bool) -> Card:
    """who: the name of the person who is reminded, empty for everybody here. asked_by: who set it, when that is another
    one. late: the bot was not there at the moment itself.
    """
    whom = f"{who}, a reminder" if who else "A reminder"
    notes = [f"Set by {asked_by}." if asked_by else ""]
    notes += [f"It was due {spoken_moment(made.begins, made.time_zone)}; I was not running then." if late else ""]
    text = " ".join(note for note in notes if note)
    return Card(
        title=f"{whom}: {made.text}"[:150],
        tone="info",
        summary=f"{whom}: {made.text}. {text}".strip(),
        blocks=(Text(text=made.text), *((Context(text=text),) if text else ())),
        buttons=(Button(label="My reminders", command="what did I ask to be reminded of?"),),
    )


def not_resumed(made: Timer, why: str, *, again: bool) -> Card:
    """A pause whose end came, and that could not be ended. again: whether it is tried again."""
    then = "I try again every minute." if again else "It stays paused until somebody resumes it."
    said = f"{made.model} was to be resumed {_at(made)}, and is still paused. {why} {then}"
    return Card(
        title=f"{made.model} is still paused",
        tone="danger",
        summary=said,
        blocks=(Text(text=said),),
        answer="failed",
        buttons=(
            Button(label=f"Resume {made.model}", command=f"resume {made.model}"),
            Button(label="Status", command=f"status {made.model}"),
        ),
    )


def _at(made: Timer) -> str:
    return spoken_moment(made.ends or made.begins, made.time_zone)
