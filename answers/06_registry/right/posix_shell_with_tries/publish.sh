#!/bin/sh
# No bash needed.
registry=$1 image=$2 version=$3
name=$registry/$image

fail() {
    echo "publish.sh: $*" >&2
    exit 1
}

push() {
    docker tag "$image" "$name:$1" || fail "there is no image $image"
    for pause in 1 2 0; do
        docker push "$name:$1" && return
        sleep $pause
    done
    fail "$name:$1 could not be pushed"
}

if docker pull -q "$name:$version" >/dev/null 2>&1; then
    there=$(docker inspect -f '{{.Id}}' "$name:$version")
    [ "$there" = "$(docker inspect -f '{{.Id}}' "$image")" ] || fail "$version is taken"
fi
push "$version"
push latest
for place in $(docker inspect -f '{{join .RepoDigests " "}}' "$image"); do
    case $place in "$name@"*) last=$place ;; esac
done
echo "${last:?no digest}"
