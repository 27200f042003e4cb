"""The parts of ``search_quality.py``."""
