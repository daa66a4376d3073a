import os

bind = f"0.0.0.0:{os.environ.get('PORT', '5000')}"
workers = 2
raw_env = ["PYTHONUNBUFFERED=1"]
accesslog = "-"


def post_fork(server, worker):
    import sys

    sys.stdout.reconfigure(line_buffering=True)


def on_exit(server):
    server.log.info("goodbye")
