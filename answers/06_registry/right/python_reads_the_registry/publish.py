import re
import subprocess
import sys
import urllib.error
import urllib.request

TYPES = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"


def digest_in_registry(registry, image, tag):
    request = urllib.request.Request(
        f"http://{registry}/v2/{image}/manifests/{tag}", headers={"Accept": TYPES}, method="HEAD"
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.headers["Docker-Content-Digest"]
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def push(name):
    done = subprocess.run(["docker", "push", name], stdout=subprocess.PIPE, text=True)
    print(done.stdout)
    if done.returncode:
        raise SystemExit(f"{name} was not pushed")
    return re.search(r"digest: (sha256:[0-9a-f]{64})", done.stdout)[1]


def main(registry, image, version):
    name = f"{registry}/{image}"
    there = digest_in_registry(registry, image, version)
    known = subprocess.check_output(["docker", "image", "inspect", "-f", "{{.RepoDigests}}", image], text=True)
    if there and f"{name}@{there}" not in known:
        raise SystemExit(f"{version} is taken by {there}")
    for tag in (version, "latest"):
        subprocess.run(["docker", "tag", image, f"{name}:{tag}"], check=True)
        digest = push(f"{name}:{tag}")
    print(f"{name}@{digest}")


if __name__ == "__main__":
    main(*sys.argv[1:])
