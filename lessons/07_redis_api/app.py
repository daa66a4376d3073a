import os

from flask import Flask, request
from redis import Redis

app = Flask(__name__)

# Your turn: connect to the Redis that REDIS_URL names. Text in, text out; give up after half a second.


# Your turn: GET / says hello and how many visits there were, counted under the key workshop:visits

# Your turn: POST /set stores a pair

# Your turn: GET /get?key=… answers the pair

# Your turn: when Redis is gone, answer 503


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
