"""Text to a typed decision: guards, exact formats, local classifier, slots, follow-ups."""
