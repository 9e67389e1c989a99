"""Asking a cluster: queries as bodies, answers as ranked lists."""
