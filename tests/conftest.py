"""What every test may ask for: the OpenSearch servers. And how long one example of a property may take: any time."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.opensearch.fixtures"]

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
