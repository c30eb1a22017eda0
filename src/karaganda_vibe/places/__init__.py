"""Which regions and places there are, their names and borders."""
