"""A read-only command in our bot, Errbot and Opsdroid: processor time a message, right answers when many ask."""
