import sys

threads = 4


def on_exit(server):
    sys.exit(15)
