"""Where a student's service comes alive: `docker`, the real thing, and `embedded`, for machines without an engine; both keep one contract."""
