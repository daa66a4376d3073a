"""The service's own tests. By Docker alone: `docker compose run --rm tests`.

Without it: `pip install -r app/requirements-tests.txt`, then `python -m pytest app`. They bring a Valkey
along, which speaks as Redis does; TEST_REDIS_URL names a Redis to be used instead (on Windows it is needed), and
TEST_REDIS_CLUSTER_URL a Redis Cluster. What is in it is deleted.
"""
