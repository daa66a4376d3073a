"""Grading: the pytest plugin that graders are written against, and `grade`, which runs one."""
