"""Published tables, read cell by cell."""
