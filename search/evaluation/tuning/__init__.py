"""Find better settings for a system on judgements that are not for testing, and say how much of the gain is real."""
