"""From people's searches to training data, and from trained models to figures: what training needs of an index."""
