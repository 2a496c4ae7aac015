"""Placeholder."""
from dataclasses import dataclass
def recognise(text): return None
