from flask import Flask
from markupsafe import escape

app = Flask(__name__)


@app.get("/")
def index():
    return "Hello  World"


@app.get("/hello/<name>")
def hello(name):
    return f"Hello {escape(name)}"


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
