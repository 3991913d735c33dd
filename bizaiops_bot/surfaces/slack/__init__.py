"""Slack: Socket Mode or HTTP, with slack-bolt."""
