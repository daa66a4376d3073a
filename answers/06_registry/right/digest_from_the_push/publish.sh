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

push() {
    docker tag "$image" "$name:$1"
    docker push "$name:$1" | tee /dev/stderr
}

digest=$(push "$version" | sed -n 's/.* digest: \(sha256:[0-9a-f]*\) .*/\1/p')
push latest >/dev/null
echo "$name@$digest"
