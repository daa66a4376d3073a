from flask import Blueprint, Flask, jsonify
from markupsafe import escape

pages = Blueprint("pages", __name__)


@pages.route("/")
def index():
    return "Hello World\n", {"Content-Type": "text/plain"}


@pages.route("/hello/<string:who>")
def hello(who):
    return f"<p>Good day, {escape(who)}.</p>"


@pages.route("/healthz")
def health():
    return jsonify(status="ok")


def create_app():
    app = Flask(__name__)
    app.register_blueprint(pages)
    return app


if __name__ == "__main__":
    create_app().run("0.0.0.0", 5000)
