"""Measurements of the workshop itself, each beside what it is compared with, in one run on one machine."""
