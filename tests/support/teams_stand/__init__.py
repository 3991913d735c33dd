"""Microsoft's own playground for Teams bots, with the company's people in it."""

from tests.support.teams_stand.stand import Clicked, Message, TeamsStand, teams_stand

__all__ = ["Clicked", "Message", "TeamsStand", "teams_stand"]
