from flask import Flask, render_template_string

app = Flask(__name__)


@app.get("/")
def index():
    return "Hello World"


@app.get("/hello/<name>")
def hello(name):
    return render_template_string("<h1>Hello " + name + "!</h1>")


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
