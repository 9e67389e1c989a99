"""Attaching vectors to somebody's index."""
