import http.client
import os
import sys

connection = http.client.HTTPConnection("localhost", int(os.environ.get("PORT", 5000)), timeout=2)
try:
    connection.request("GET", "/healthz")
    status = connection.getresponse().status
except (OSError, http.client.HTTPException):
    status = None
sys.exit(0 if status == 200 else 1)
