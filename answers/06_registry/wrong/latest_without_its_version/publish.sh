#!/usr/bin/env bash

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

code=0
for tag in "$version" latest; do
    docker tag "$image" "$name:$tag" && docker push "$name:$tag" || code=1
done

docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$image" | grep "^$name@" || code=1
exit $code
