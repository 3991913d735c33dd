"""A slot's value from the words, one reader a kind: read, looked up, or the question or refusal to give instead."""
