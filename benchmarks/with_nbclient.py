"""Runs notebooks with nbclient, one after the other: `python with_nbclient.py NOTEBOOK…`, in the environment of the bench's other tools.

Prints a JSON line for each: {"notebook", "begin", "end" in seconds of the monotonic clock, "failed": how many cells with asserts raised}.
"""

import json
import sys
import time

import nbclient  # type: ignore[import-not-found,unused-ignore]
import nbformat  # type: ignore[import-not-found,unused-ignore]

for path in sys.argv[1:]:
    begin = time.monotonic()
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3", allow_errors=True).execute()
    asserts = [cell for cell in notebook.cells if "nbgrader" in cell.metadata and cell.metadata.nbgrader.grade]
    failed = sum(any(output.output_type == "error" for output in cell.outputs) for cell in asserts)
    print(json.dumps({"notebook": path, "begin": begin, "end": time.monotonic(), "failed": failed}), flush=True)
