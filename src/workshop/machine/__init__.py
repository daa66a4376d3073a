"""The machine: whether it can do what the lessons do, what that costs, and how to give it back."""
