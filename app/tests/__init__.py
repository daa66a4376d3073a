"""The service's own tests: `pip install pytest fakeredis`, then `python -m pytest app`.

They need nothing else beside what the service needs. TEST_REDIS_URL names a real Redis to be used instead of fakeredis;
its database is emptied.
"""
