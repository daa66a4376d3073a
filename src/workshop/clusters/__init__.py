"""A Redis Cluster for one lesson: its nodes, how they are cut off, killed and resharded, and clients that write meanwhile."""
