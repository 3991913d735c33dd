"""Microsoft Teams, with microsoft-teams-apps mounted in the bot's own web server."""
