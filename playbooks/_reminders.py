"""Reminders: the buttons that their cards share."""

from __future__ import annotations

from bizaiops_bot.playbook import Button, Timer

MINE = Button(label="My reminders", command="what did I ask to be reminded of?")


def cancel_button(reminder: Timer) -> Button:
    """Takes it back."""
    return Button(label=f"Cancel reminder {reminder.id}", command=f"cancel reminder {reminder.id}")
