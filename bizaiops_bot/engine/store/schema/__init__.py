"""The bot's own tables, by what they are about; `tables` has them all."""
