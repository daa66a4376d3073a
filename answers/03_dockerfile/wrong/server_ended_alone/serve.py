from werkzeug.serving import make_server

from app import app

server = make_server("0.0.0.0", 5000, app)
for _ in range(4):
    server.handle_request()
