"""Which conversations hear of alerts, when, and what is muted."""
