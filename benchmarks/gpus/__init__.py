"""Trials that share a GPU: what they train, and how much they do together."""
