"""The small company in the process of the bot: real models, real requests, late labels, faults."""
