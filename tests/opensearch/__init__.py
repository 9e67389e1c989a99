"""Real OpenSearch nodes for the tests: fetched, unpacked, started and stopped here."""
