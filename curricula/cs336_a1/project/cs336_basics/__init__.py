"""Building blocks of a transformer, written by you."""
