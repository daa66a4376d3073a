import re
import subprocess
import sys

registry, image, version = sys.argv[1:]
name = f"{registry}/{image}"
for tag in (version, "latest"):
    subprocess.run(["docker", "tag", image, f"{name}:{tag}"], check=True)
    done = subprocess.run(["docker", "push", f"{name}:{tag}"], check=True, capture_output=True, text=True)
    digest = re.findall(r"Digest: (sha256:\w+)", done.stdout)[0]
print(f"{name}@{digest}")
