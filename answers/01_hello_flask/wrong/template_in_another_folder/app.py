from flask import Flask, render_template

app = Flask(__name__)


@app.get("/")
def index():
    return "Hello World"


@app.get("/hello/<name>")
def hello(name):
    return render_template("greeting.html", name=name)


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
