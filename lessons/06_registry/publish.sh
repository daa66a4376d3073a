#!/usr/bin/env bash
# Publishes an image that is built already: bash publish.sh REGISTRY IMAGE VERSION
# For instance: bash publish.sh 127.0.0.1:8006 hello 1.0.0

registry=$1 image=$2 version=$3

# Your turn
