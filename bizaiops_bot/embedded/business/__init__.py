"""Customers and shops: generated, or from files of your own."""
