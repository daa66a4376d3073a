"""JupyterLab on the student's notebooks, with a Redis beside it."""
