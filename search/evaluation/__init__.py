"""Topics in, runs out: asking many questions at once in the formats of evaluation campaigns."""
