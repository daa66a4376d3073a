"""A student's compose file: read as its author wrote it, and judged setting by setting."""
