import os

from flask import Flask, Response, json, request
from flask.views import MethodView
from redis import BusyLoadingError, ConnectionError, Redis, TimeoutError
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from werkzeug.exceptions import BadRequest, NotFound, ServiceUnavailable

app = Flask(__name__)


class Store:
    def __init__(self, url):
        self.url, self.client = url, None

    def __call__(self, *words):
        if self.client is None:
            limits = {"socket_timeout": 0.4, "socket_connect_timeout": 0.4, "retry": Retry(ConstantBackoff(0.01), 2)}
            self.client = Redis.from_url(self.url, protocol=3, **limits)
        try:
            return self.client.execute_command(*words)
        except (ConnectionError, TimeoutError, BusyLoadingError) as error:
            raise ServiceUnavailable("no Redis") from error


store = Store(os.getenv("REDIS_URL"))


@app.errorhandler(400)
@app.errorhandler(404)
@app.errorhandler(503)
def problem(error):
    return Response(json.dumps({"title": error.name, "status": error.code}), error.code, content_type="application/problem+json")


class Pairs(MethodView):
    def get(self):
        try:
            key = request.args["key"]
        except KeyError:
            raise BadRequest from None
        (value,) = store("MGET", key)
        if value is None:
            raise NotFound
        return {"key": key, "value": str(value, "utf-8")}

    def post(self):
        try:
            pair = json.loads(request.get_data())
            key, value = pair["key"], pair["value"]
            if {type(key), type(value)} != {str}:
                raise TypeError("two strings are needed")
        except (ValueError, LookupError, TypeError):
            raise BadRequest from None
        store("MSET", key, value)
        return json.dumps(pair), "201 STORED", {"Content-Type": "application/json; charset=utf-8"}


app.add_url_rule("/get", view_func=Pairs.as_view("get"))
app.add_url_rule("/set", view_func=Pairs.as_view("set"))


@app.route("/")
def home():
    return "HELLO, number " + str(store("EVAL", "return redis.call('incrby', KEYS[1], ARGV[1])", 1, "workshop:visits", 1))


if __name__ == "__main__":
    app.run("0.0.0.0", 5000)
