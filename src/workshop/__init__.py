"""A workshop on Flask, Docker and Redis whose graders ask the live service."""

__version__ = "0.1.0"
