"""The desk: stores every message, has it understood, answers every one with a card."""
