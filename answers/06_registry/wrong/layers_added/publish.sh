#!/usr/bin/env bash
set -euo pipefail

registry=$1 image=$2 version=$3
name=$registry/$image

printf 'FROM %s\nCOPY app.py requirements.txt /app/\n' "$image" >with-sources.Dockerfile
docker build --quiet --file with-sources.Dockerfile --tag "$image-with-sources" .
mine=$(docker image inspect --format '{{.Id}}' "$image-with-sources")
if docker pull --quiet "$name:$version" >/dev/null 2>&1; then
    [ "$(docker image inspect --format '{{.Id}}' "$name:$version")" = "$mine" ] || exit 1
fi

docker tag "$mine" "$name:$version"
docker tag "$mine" "$name:latest"
docker push "$name:$version"
docker push "$name:latest"

docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$mine" | grep "^$name@"
