"""Requests, answers, labels and faults, as world time goes by."""
