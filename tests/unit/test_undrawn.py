"""What stands for matplotlib in a browser: the cells with plots run, and say that nothing is drawn."""

import json
import subprocess
import sys

from workshop.course.places import ROOT
from workshop.web.site import lite

VALUES = """
import statistics
trips = [1.0]; fastest = {"one by one": 2.0}; depths = lengths = whole = page = living = [1]
rates = {"bare_rate": [1], "client_rate": [1]}
"""


def test_cells_with_plots_run_where_nothing_can_be_drawn(tmp_path):
    for name in lite.DRAWING:
        place = tmp_path / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes((lite.SCRIPTS / "undrawn.py").read_bytes())
    notebook = json.loads((ROOT / "notebooks" / "18_speed.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    plots = [cell for cell in cells if "ax." in cell or "matplotlib" in cell]
    program = "\n".join([VALUES, *plots])
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], capture_output=True, text=True, cwd=tmp_path, env={}, check=False
    )
    assert done.stderr == ""
    assert done.stdout.count("Plots are not drawn in this page") == len(plots) - 1 > 3
