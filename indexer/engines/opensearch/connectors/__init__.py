"""Connectors of ml-commons to our model server, and the remote models that stand for its models in a cluster."""
