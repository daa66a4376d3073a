"""The course as files: lessons, what is handed in, a student's progress, and where all of it lies."""
