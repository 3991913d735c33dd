"""Cards on their way to chat platforms: once, in order, at the platform's pace."""
