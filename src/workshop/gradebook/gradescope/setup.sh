#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image in which hand-ins are graded.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
source=/autograder/source
place=/opt/workshop  # the Python of grader and students: everybody may read it, and nothing of ours is in it

is_new_enough() {
    "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if is_new_enough "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

if ! python=$(find_python); then
    apt-get update
    for package in python3 python3.13 python3.12 python3.11; do
        apt-get install -y --no-install-recommends "$package" "$package-venv" && find_python >/dev/null && break
    done
    python=$(find_python) || { echo "No Python 3.11 or newer can be had here. Choose a newer base image."; exit 1; }
fi
if ! command -v setpriv prlimit choom >/dev/null; then
    apt-get update
    apt-get install -y --no-install-recommends util-linux
fi

"$python" -m venv "$place"
"$place/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$source/requirements-gradescope.txt"
chmod -R go+rX,go-w "$place"

# Students' processes write in folders of their own only.
find / -xdev -type d -perm -0002 -exec chmod o-rwt,o+x {} +
chmod -R go-rwx "$source"
