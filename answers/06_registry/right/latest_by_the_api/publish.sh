#!/usr/bin/env bash
set -euo pipefail

registry=$1 image=$2 version=$3
name=$registry/$image

api=http://$registry/v2/$image/manifests
types='Accept: application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json'

digest_of() {
    curl --silent --head --header "$types" "$api/$1" | tr -d '\r' | sed -n 's/^docker-content-digest: //Ip'
}

there=$(digest_of "$version") || { echo "No registry answers at $registry." >&2; exit 1; }
known=$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$image" | grep "^$name@" || true)
if [ -n "$there" ] && [ "$known" != "$name@$there" ]; then
    echo "$name:$version is another image." >&2
    exit 1
fi

docker tag "$image" "$name:$version"
docker push --quiet "$name:$version" >&2

work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
curl --silent --fail --header "$types" --dump-header "$work/head" --output "$work/manifest" "$api/$version"
kind=$(tr -d '\r' <"$work/head" | sed -n 's/^content-type: //Ip')
curl --silent --fail --request PUT --header "Content-Type: $kind" --data-binary "@$work/manifest" "$api/latest" >&2
echo "$name@$(digest_of "$version")"
