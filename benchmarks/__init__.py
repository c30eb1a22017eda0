"""How long builds take, beside Jupyter doing the same work one notebook after another."""
