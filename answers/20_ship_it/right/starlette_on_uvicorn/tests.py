"""Tests without a test runner: the first assert that does not hold ends them with an error."""

import os

os.environ["REDIS_URL"] = "redis://127.0.0.1:1"

import service
from fakeredis import FakeAsyncRedis
from starlette.testclient import TestClient

with TestClient(service.app) as client:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    service.redis = FakeAsyncRedis(decode_responses=True)
    assert client.get("/readyz").status_code == 200
    assert client.post("/set", json={"key": "city", "value": "Oslo"}).status_code == 201
    assert client.get("/get?key=city").json()["value"] == "Oslo"
    assert client.get("/get?key=none").status_code == 404
print("all is well")
