"""Versions of an index behind an alias: loaded by many, published whole, dropped."""
