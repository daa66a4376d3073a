from __future__ import annotations

from flask import Flask

from pages import pages


def create_app() -> Flask:
    app = Flask(__name__)
    app.register_blueprint(pages)
    return app
