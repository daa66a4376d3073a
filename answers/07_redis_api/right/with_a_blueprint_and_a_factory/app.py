import os

from flask import Blueprint, Flask, Response, abort, current_app, json, jsonify, request
from redis import BlockingConnectionPool, ConnectionError, Redis, TimeoutError
from redis.backoff import NoBackoff
from redis.retry import Retry

api = Blueprint("api", __name__)


@api.route("/")
def home():
    with current_app.redis.pipeline() as pipe:
        count, _ = pipe.incr("workshop:visits").expire("workshop:visits", 86400).execute()
    return jsonify(hello="world", visits=count)


@api.route("/set", methods=["POST"])
def put():
    body = request.get_json(force=True, silent=True)
    match body:
        case {"key": str(key), "value": str(value)}:
            current_app.redis.set(key, value.encode("utf-8"))
            return Response(json.dumps({"key": key, "value": value}), 201, mimetype="application/json")
    abort(400)


@api.route("/get", methods=["GET"])
def fetch():
    if "key" not in request.args:
        abort(400, "no key")
    key = request.args["key"]
    value = current_app.redis.get(key)
    if value is None:
        return jsonify(error="not found"), 404
    return jsonify(key=key, value=value.decode("utf-8"))


def unavailable(error):
    return jsonify({"error": str(error)}), 503


def create_app():
    app = Flask(__name__)
    pool = BlockingConnectionPool.from_url(
        os.environ["REDIS_URL"], socket_timeout=1, socket_connect_timeout=1, timeout=1, retry=Retry(NoBackoff(), 0)
    )
    app.redis = Redis(connection_pool=pool)
    app.register_blueprint(api)
    app.register_error_handler(ConnectionError, unavailable)
    app.register_error_handler(TimeoutError, unavailable)
    return app


if __name__ == "__main__":
    create_app().run(host="0.0.0.0", port=5000, threaded=True)
