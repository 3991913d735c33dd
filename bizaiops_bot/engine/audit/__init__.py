"""The hash-chained, signed audit: written, checked, exported, and persons forgotten."""
