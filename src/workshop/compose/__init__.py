"""A student's compose file: read, judged, rewritten, brought up, looked at."""
