"""An index that is not ours: its fields, what we add to it, and how it is read and asked."""
