#!/usr/bin/env bash
set -euo pipefail

registry=$1 image=$2 version=$3
name=$registry/$image

echo "FROM $image" | docker build --quiet --label "org.opencontainers.image.version=$version" --tag "$name:$version" -
docker tag "$image" "$name:latest"
docker push "$name:$version"
docker push "$name:latest"
docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$name:$version" | grep "^$name@"
