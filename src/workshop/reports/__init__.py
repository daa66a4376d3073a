"""A report rendered. Everything here reads `workshop.report` and runs nothing."""
