"""What every test may ask for: the OpenSearch servers."""

pytest_plugins = ["tests.opensearch.fixtures"]
