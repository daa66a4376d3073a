#!/usr/bin/env bash
set -euo pipefail

registry=$1 image=$2 version=$3
name=$registry/$image

docker tag "$image" "$name:$version"
docker tag "$image" "$name:latest"
echo "$name:$version"
