#!/usr/bin/env bash
set -euo pipefail

registry=$1 image=$2 version=$3
name=$registry/$image

echo "FROM $image" | docker build --quiet --label "published=$(date +%s%N)" --tag "$name:$version" --tag "$name:latest" -
docker push "$name:$version"
docker push "$name:latest"
docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$name:$version" | grep "^$name@"
