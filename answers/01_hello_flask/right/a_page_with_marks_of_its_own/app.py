from flask import Flask, render_template_string
from markupsafe import escape

app = Flask(__name__)


@app.get("/")
def index():
    return "Hello World"


@app.get("/hello/<name>")
def hello(name):
    return render_template_string(
        """<style>h1 {color: #494949} p { margin: 49px }</style>
<i>Since 1949</i> <h1 title="{{ name }}">Hello {{ name }}</h1> {% raw %}{{ name }}{% endraw %}""",
        name=name,
    )


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
