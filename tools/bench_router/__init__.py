"""The router's local stage beside aurelio's semantic-router, with the same encoder."""
