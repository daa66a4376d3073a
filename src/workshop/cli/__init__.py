"""The command line: one file per verb, each a few lines that call the floor below."""
