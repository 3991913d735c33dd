"""Measures the router: on public sets, on our own phrases, and the intent files themselves."""
