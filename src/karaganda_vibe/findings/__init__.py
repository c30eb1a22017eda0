"""What the study says: one module a question."""
