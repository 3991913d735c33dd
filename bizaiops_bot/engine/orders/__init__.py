"""A typed order: is it permitted, is it planned or answered at once, does it take the place of another."""
