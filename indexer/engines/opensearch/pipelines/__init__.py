"""Search pipelines of ours in a cluster: hybrid answers for clients that know nothing of us."""
