#!/bin/bash
# Makes a Redis Cluster of the nodes named in NODES, half of them primaries with a replica each, and keeps it together.
# `cluster.sh is-well` tells by its exit code whether all slots are served and all replicas follow.
read -r -a nodes <<<"$NODES"

# One line of what a node says of itself: `line node1 cluster info cluster_state` prints ok.
line() { redis-cli -h "$1" "$2" "$3" | tr -d '\r' | sed -n "s/^$4://p"; }

address() { getent ahostsv4 "$1" | awk '{ print $1; exit }'; }

is_well() {
    for node in "${nodes[@]}"; do
        [[ $(line "$node" cluster info cluster_slots_ok) == 16384 ]] || return 1
        [[ $(line "$node" info replication master_link_status) != down ]] || return 1
    done
}

if [[ $1 == is-well ]]; then
    is_well
    exit
fi

for node in "${nodes[@]}"; do
    until [[ $(redis-cli -h "$node" ping) == PONG ]]; do sleep 0.5; done
done
if [[ $(line "${nodes[0]}" cluster info cluster_known_nodes) == 1 ]]; then
    mapfile -t addresses < <(for node in "${nodes[@]}"; do echo "$(address "$node"):6379"; done)
    redis-cli --cluster create "${addresses[@]}" --cluster-replicas 1 --cluster-yes
fi
# Nodes know each other by address, and after `docker compose down` and `up` they have others. So each is introduced to each.
while true; do
    for node in "${nodes[@]}"; do
        for other in "${nodes[@]}"; do
            [[ $node == "$other" ]] || redis-cli -h "$node" cluster meet "$(address "$other")" 6379 >/dev/null
        done
    done
    sleep 2
    while is_well; do sleep 2; done
done
