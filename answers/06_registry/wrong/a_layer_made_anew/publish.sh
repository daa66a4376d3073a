#!/usr/bin/env bash
set -euo pipefail

registry=$1 image=$2 version=$3
name=$registry/$image

work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
date +%s%N >"$work/published"
printf 'FROM %s\nCOPY published /published\n' "$image" >"$work/Dockerfile"
docker build --quiet --tag "$name:$version" --tag "$name:latest" "$work"
docker push "$name:$version"
docker push "$name:latest"
docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$name:$version" | grep "^$name@"
