"""Questions to answers, and every way to ask."""
