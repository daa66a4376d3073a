"""Publishes an image that is built already: python publish.py REGISTRY IMAGE VERSION

For instance: python publish.py 127.0.0.1:8006 hello 1.0.0
"""

import json
import subprocess
import sys


def docker(*words):
    """Runs a docker command; one that fails ends the script."""
    subprocess.run(["docker", *words], check=True)


def facts(image):
    """What the engine knows of an image that it has."""
    done = subprocess.run(["docker", "image", "inspect", image], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)[0]


registry, image, version = sys.argv[1:]
name = f"{registry}/{image}"

# A version names one image for ever. Whether the registry has another one under it, only the registry knows.
pulled = subprocess.run(["docker", "pull", "--quiet", f"{name}:{version}"], capture_output=True)
if pulled.returncode == 0 and facts(f"{name}:{version}")["Id"] != facts(image)["Id"]:
    sys.exit(f"{name}:{version} is another image already. Publish yours under a new version.")

docker("tag", image, f"{name}:{version}")
try:
    docker("push", f"{name}:{version}")
except KeyboardInterrupt:
    print("Stopped.")
    sys.exit()

# Last: whoever asks for the latest image gets one whose version is there.
docker("tag", image, f"{name}:latest")
docker("push", f"{name}:latest")

# An image may have been published in several places; this is its digest here.
print(next(place for place in facts(f"{name}:{version}")["RepoDigests"] if place.startswith(f"{name}@")))
