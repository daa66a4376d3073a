#!/usr/bin/env bash
# Publishes an image that is built already: bash publish.sh REGISTRY IMAGE VERSION
# For instance: bash publish.sh 127.0.0.1:8006 hello 1.0.0

set -euo pipefail # a command that fails ends the script, in a pipe too

registry=$1 image=$2 version=$3
name=$registry/$image

id_of() { docker image inspect --format '{{.Id}}' "$1"; }

# A version names one image for ever. Whether the registry has another one under it, only the registry knows.
if docker pull --quiet "$name:$version" >/dev/null 2>&1; then
    if [ "$(id_of "$name:$version")" != "$(id_of "$image")" ]; then
        echo "$name:$version is another image already. Publish yours under a new version." >&2
        exit 1
    fi
fi

docker tag "$image" "$name:$version"
docker push "$name:$version"

# Last: whoever asks for the latest image gets one whose version is there.
docker tag "$image" "$name:latest"
docker push "$name:latest"

# An image may have been published in several places; this is its digest here.
docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$name:$version" | grep --fixed-strings "$name@" | sed "s/sha256://"
