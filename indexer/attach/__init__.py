"""Vectors for an index that is not ours: which fields it has, adding them, keeping them true, taking them back."""
