"""Words, clicks and events in, cards out: console, REST, terminal, Slack, Teams."""
