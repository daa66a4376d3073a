"""A notebook: its cells run in a process of their own, and its functions called from outside."""
