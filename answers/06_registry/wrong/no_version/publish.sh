#!/usr/bin/env bash
set -euo pipefail

registry=$1 image=$2 version=$3
name=$registry/$image

docker tag "$image" "$name"
docker push "$name"

docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$image" | grep "^$name@"
