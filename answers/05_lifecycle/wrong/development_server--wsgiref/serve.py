import os
import signal
import threading
from wsgiref.simple_server import make_server

from app import app

server = make_server("0.0.0.0", int(os.environ["PORT"]), app)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
