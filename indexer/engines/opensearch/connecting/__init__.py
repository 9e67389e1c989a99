"""Reaching a cluster: its URL, who asks, TLS, requests, and what their failures mean."""
