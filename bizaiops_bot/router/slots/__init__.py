"""Deterministic extractors: words to typed values, each with where it stood in the text."""
