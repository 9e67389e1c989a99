"""Questions and loads as request bodies and files, for clients that speak to a cluster themselves."""
