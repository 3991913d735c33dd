"""The engines we compare with. These files run on the Python of the peers' own environment, not on the bot's."""
