"""What a load would send to a cluster, as files for others to send."""
