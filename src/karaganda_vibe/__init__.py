"""Karaganda Vibe: what official statistics say of leaving a region, and why."""
