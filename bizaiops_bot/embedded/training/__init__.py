"""Builds, retrains, gates and packages real models."""
