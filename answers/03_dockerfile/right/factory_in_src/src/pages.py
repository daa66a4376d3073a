from flask import Blueprint
from markupsafe import escape

pages = Blueprint("pages", __name__)


@pages.get("/")
def index():
    return "Hello World"


@pages.get("/hello/<name>")
def hello(name):
    return f"Hello {escape(name)}"


@pages.get("/healthz")
def healthz():
    return {"status": "ok"}
