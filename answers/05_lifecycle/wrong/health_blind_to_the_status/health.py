import http.client
import os

connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["PORT"]), timeout=2)
connection.request("GET", "/healthz")
print(connection.getresponse().status)
