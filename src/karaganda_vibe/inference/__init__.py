"""Estimation and inference for panels of places and years; nothing here reads the data files."""
