"""Where things are, errors in one line, whole-file writing, YAML with line numbers."""
