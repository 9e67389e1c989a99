"""What an index in a cluster holds: its mapping, analysis, vectors, and records as documents."""
