"""The answers in the repository."""

import subprocess

from workshop.course.places import ROOT


def test_no_file_of_an_answer_is_kept_out_of_git():
    """An answer's own .gitignore can hide the files beside it, and a clone then lacks them."""
    ask = [
        "git",
        "ls-files",
        "--others",
        "--ignored",
        "--exclude-standard",
        "answers",
        "lessons",
        "solutions",
        "notebooks",
    ]
    done = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=False)
    assert [
        name
        for name in done.stdout.split("\n")
        if name and "__pycache__" not in name and ".ipynb_checkpoints" not in name
    ] == []
