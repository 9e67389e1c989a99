"""Articles to index to ranked lists: sources, engines, ingest. Knows no users and no relevance policy."""
