import os

threads = 4


def worker_exit(server, worker):
    os._exit(0)
