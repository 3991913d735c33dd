"""A Slack workspace to test against: the npm program emulate, what it lacks, and people who use it."""

from tests.support.slack_stand.stand import SlackStand, slack_stand

__all__ = ["SlackStand", "slack_stand"]
