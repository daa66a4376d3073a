"""Mistakes that any lesson can show: what was seen, and the name and the sentence for it."""
