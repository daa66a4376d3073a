import os

from flask import Flask, Response, abort, jsonify, make_response, request
from flask.views import MethodView
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

POOL = redis.BlockingConnectionPool.from_url(
    os.environ["REDIS_URL"], max_connections=20, timeout=1, decode_responses=True,
    socket_connect_timeout=0.5, socket_timeout=0.5, retry=Retry(NoBackoff(), 0))


def r():
    return redis.Redis(connection_pool=POOL)


class Home(MethodView):
    def get(self):
        n = r().execute_command("INCR", "workshop:visits")
        return Response(f"<!doctype html><h1>Hello!</h1><p>Visits: <b>{n}</b></p>", mimetype="text/html")


class Get(MethodView):
    def get(self):
        key = request.args["key"]
        if not r().exists(key):
            return make_response(jsonify(error="not found", key=key), 404)
        return jsonify(value=r().get(key), key=key)


class Set(MethodView):
    def post(self):
        if not request.is_json:
            abort(415)
        match request.json:
            case {"key": str() as key, "value": str() as value}:
                with r().pipeline() as p:
                    p.set(key, value).execute()
                return dict(key=key, value=value), 201
        abort(400, "need key and value")


def create_app():
    app = Flask(__name__)
    app.add_url_rule("/", view_func=Home.as_view("home"))
    app.add_url_rule("/get", view_func=Get.as_view("get"))
    app.add_url_rule("/set", view_func=Set.as_view("set"))
    for e in (redis.ConnectionError, redis.TimeoutError):
        app.register_error_handler(e, lambda err: (jsonify(error=type(err).__name__), 503))
    return app


if __name__ == "__main__":
    create_app().run("0.0.0.0", 5000, debug=True)
