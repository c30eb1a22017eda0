"""Renders the report without Quarto: the subset written down in docs/quarto_subset.md."""

from karaganda_vibe.quarto_subset.rendering import check, render

__all__ = ["check", "render"]
