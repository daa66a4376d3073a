"""A report, rendered. Everything here reads `workshop.verdict` and nothing below it."""
