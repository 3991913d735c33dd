"""The bot's own documentation, cut into passages and found by question: local, offline, in a few milliseconds."""
