"""Records and controls, as `bot_api` promises them."""
