"""Joins settings, adapters, engine, router and surfaces; starts, stops and examines a bot."""
