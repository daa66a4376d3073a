"""Where Redis is."""

import os

ADDRESS = os.environ["REDIS_URL"]
