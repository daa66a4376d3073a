from gevent import monkey

monkey.patch_all()

import os
import signal

import gevent
from gevent.pywsgi import WSGIServer

from app import app

server = WSGIServer(("0.0.0.0", int(os.environ["PORT"])), app)
gevent.signal_handler(signal.SIGTERM, server.stop, 0)
server.serve_forever()
