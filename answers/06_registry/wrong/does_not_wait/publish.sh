#!/usr/bin/env bash
set -euo pipefail

registry=$1 image=$2 version=$3
name=$registry/$image

for tag in "$version" latest; do
    docker tag "$image" "$name:$tag"
    docker push "$name:$tag" &
done
echo "publishing $name"
