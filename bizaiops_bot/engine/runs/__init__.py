"""Runs as they are stored: rows, steps, journal, trials, and which worker holds one."""
