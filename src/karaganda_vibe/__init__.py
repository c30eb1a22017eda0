"""Karaganda Vibe: what official statistics say of leaving Karaganda region, and why."""
