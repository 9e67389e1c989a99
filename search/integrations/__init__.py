"""Our searches and models as parts of other libraries: one file a library, each behind an extra of its name."""
