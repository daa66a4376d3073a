from flask import Flask, make_response
from gunicorn.app.base import BaseApplication
from markupsafe import Markup

app = Flask(__name__)


@app.get("/")
def index():
    return make_response("Hello World")


@app.get("/hello/<name>")
def hello(name):
    return Markup("Hello <b>{}</b>").format(name)


@app.get("/healthz")
def healthz():
    return dict(status="ok"), 200


class Server(BaseApplication):
    def load_config(self):
        self.cfg.set("bind", "0.0.0.0:5000")
        self.cfg.set("control_socket_disable", True) if "control_socket_disable" in self.cfg.settings else None

    def load(self):
        return app


if __name__ == "__main__":
    Server().run()
