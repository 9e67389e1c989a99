"""What an index takes of a cluster, and what the cluster has."""
