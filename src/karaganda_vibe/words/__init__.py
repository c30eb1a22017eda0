"""Numbers, names and sentences in three languages."""
