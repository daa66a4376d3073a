import html

from flask import Flask, Response, render_template_string

app = Flask(__name__)
app.add_url_rule("/", view_func=lambda: Response("Hello World", mimetype="text/plain"), endpoint="index")


@app.route("/hello/<name>", methods=["GET", "POST"])
def hello(name):
    return render_template_string("<h1>Hi {{ name }}</h1>", name=name)


@app.route("/healthz")
def healthz():
    return Response('{ "status":"ok" }', content_type="application/json; charset=utf-8")


@app.errorhandler(404)
def lost(error):
    return f"<h1>{html.escape(str(error))}</h1>", 404


app.run(host="0.0.0.0")
