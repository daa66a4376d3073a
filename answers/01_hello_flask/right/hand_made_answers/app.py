import json
from html import escape

from flask import Flask, abort, request
from flask.views import View

app = Flask(__name__)


class Hello(View):
    def dispatch_request(self, who):
        return "<!doctype html><title>Hello</title>Hello, %s, from %s" % (escape(who, quote=False), escape(request.host))


app.add_url_rule("/hello/<path:who>", view_func=Hello.as_view("hello"))


@app.route("/", methods=["GET", "POST"], defaults={"rest": ""})
@app.route("/<path:rest>")
def anything(rest):
    if rest == "healthz":
        return json.dumps({"status": "ok"}, indent=1), 200, {"Content-Type": "application/json"}
    if rest:
        abort(404)
    return b"Hello World\r\n", {"Content-Type": "text/plain; charset=utf-8"}


@app.errorhandler(404)
def lost(error):
    return {"error": "not found"}, 404


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000, use_reloader=False, debug=False)
