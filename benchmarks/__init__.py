"""Each claim with a number, measured beside what a user would pick instead."""
