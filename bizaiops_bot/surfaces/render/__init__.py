"""Cards as Block Kit, Adaptive Cards, HTML and text."""
