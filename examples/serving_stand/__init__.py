"""A small serving system with a registry and counted requests, in a program of its own; see its README."""
