"""Where things are, errors in one line, reading what people edit, whole-file writing."""
