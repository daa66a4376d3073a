#!/usr/bin/env bash

registry=127.0.0.1:5999 image=$2 version=$3
name=$registry/$image

docker tag "$image" "$name:$version"
docker tag "$image" "$name:latest"
docker push "$name:$version"
docker push "$name:latest"
echo "$name:$version is published"
