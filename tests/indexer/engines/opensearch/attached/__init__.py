"""Reading and asking somebody's index."""
