#!/usr/bin/env bash
set -euo pipefail

registry=$1 image=$2 version=$3
name=$registry/$image

curl "http://$registry/v2/$image/tags/list"

docker tag "$image" "$name:$version"
docker push "$name:$version"
docker push "$name:latest"

docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$image" | grep "^$name@"
