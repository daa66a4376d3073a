"""A student's stack: its compose file rewritten, brought up, looked at."""
