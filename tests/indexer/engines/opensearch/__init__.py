"""Tests of the OpenSearch engine; most of them need a node."""
