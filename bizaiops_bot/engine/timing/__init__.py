"""Freezes, pauses and reminders with an end; what is deleted when it is old."""
