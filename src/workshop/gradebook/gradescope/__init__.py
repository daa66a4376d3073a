"""Gradescope's autograder: `packing` makes the zip that a teacher uploads, `running` is what its machine does with a hand-in."""
