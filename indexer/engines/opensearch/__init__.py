"""An index in an OpenSearch cluster: versioned concrete indexes behind an alias, and a ledger index beside each."""
