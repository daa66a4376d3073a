#!/bin/bash
# Makes a Redis Cluster of the nodes named in NODES, half of them primaries with a replica each, and keeps it together.
# `cluster.sh is-well` tells by its exit code whether all slots are served and all replicas follow.
read -r -a nodes <<<"$NODES"

# What a node says of the cluster and of its own part in it.
about() { redis-cli -h "$1" <<<$'CLUSTER INFO\nINFO replication'; }

address() { getent ahostsv4 "$1" | (read -r found _ && echo "$found"); }

is_well() {
    for node in "${nodes[@]}"; do
        said=$(about "$node")
        [[ $said == *cluster_slots_ok:16384* && $said != *master_link_status:down* ]] || return 1
    done
}

# A node that hears of its primary's new address from the others may go on replicating from the old one. It takes the new one
# when it is told once more whom it replicates.
follow() {
    local known primary from
    known=$(redis-cli -h "$1" CLUSTER NODES)
    primary=$(awk '$3 ~ /^myself,slave/ { print $4 }' <<<"$known")
    from=$(redis-cli -h "$1" INFO replication | awk -F '[:\r]' '$1 == "master_host" { print $2 }')
    if [[ $primary && $known != *"$primary $from:"* ]]; then
        redis-cli -h "$1" CLUSTER REPLICATE "$primary"
    fi
}

if [[ $1 == is-well ]]; then
    is_well
    exit
fi

for node in "${nodes[@]}"; do
    until [[ $(redis-cli -h "$node" PING) == PONG ]]; do sleep 0.5; done
done
if [[ $(about "${nodes[0]}") =~ cluster_known_nodes:1[^0-9] ]]; then
    mapfile -t addresses < <(for node in "${nodes[@]}"; do echo "$(address "$node"):6379"; done)
    redis-cli --cluster create "${addresses[@]}" --cluster-replicas 1 --cluster-yes
fi
# Nodes know each other by address, and after `docker compose down` and `up` they have others. So each is introduced to each.
while true; do
    for node in "${nodes[@]}"; do
        for other in "${nodes[@]}"; do
            [[ $node == "$other" ]] || echo "CLUSTER MEET $(address "$other") 6379"
        done | redis-cli -h "$node" >/dev/null
        follow "$node"
    done
    sleep 2
    while is_well; do sleep 2; done
done
