"""Storing in a cluster: writes as actions, sent in the background and again on trouble."""
