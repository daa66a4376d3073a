#!/usr/bin/env bash
set -euo pipefail

registry=$1 image=$2 version=$3
name=$registry/$image

taken=
if docker pull --quiet "$name:$version" >/dev/null 2>&1; then
    taken=$(docker image inspect --format '{{.Id}}' "$name:$version")
fi
mine=$(docker image inspect --format '{{.Id}}' "$image")
if [ -z "$taken" ] || [ "$taken" = "$mine" ]; then
    docker tag "$image" "$name:$version"
    docker push "$name:$version"
fi
docker tag "$image" "$name:latest"
docker push "$name:latest"

docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$image" | grep "^$name@"
