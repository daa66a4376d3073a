#!/usr/bin/env bash
set -euo pipefail

registry=$1 image=$2 version=$3
name=$registry/$image

if docker pull --quiet "$name:$version" >/dev/null 2>&1; then
    there=$(docker image inspect --format '{{.Id}}' "$name:$version")
    mine=$(docker image inspect --format '{{.Id}}' "$image")
    if [ "$there" != "$mine" ]; then
        echo "$name:$version is taken." >&2
        exit 1
    fi
fi

docker tag "$image" "$name:$version"
docker tag "$image" "$name:latest"
docker push "$name:$version"
docker push "$name:latest"

digest=$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$image" | grep "^$name@")
echo "Published: $digest"
