"""Where student work comes alive: `docker`, the real thing, and `embedded`, for machines without an engine."""
