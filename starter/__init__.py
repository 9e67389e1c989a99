"""The model set that ships, made by scripts that anyone can run again: see README.md."""
