"""The proof of the graders: answers whose verdict is known, and what came of them."""
