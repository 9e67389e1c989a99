"""Which role an error tells a user to ask for."""

import pytest

from indexer.engines.opensearch.connecting.rights import advice


@pytest.mark.parametrize(
    ("right", "said"),
    [
        ("indices:data/read/search", "the role 'biocpt-reader' or 'biocpt-writer' for pubmed*,"),
        ("indices:admin/create", "the role 'biocpt-writer' for pubmed*,"),
        ("cluster:monitor/main", "the role 'biocpt-writer' or 'biocpt-planner',"),
        ("cluster:monitor/nodes/stats", "the role 'biocpt-planner',"),
        ("cluster:admin/other", "a role that has it,"),
    ],
)
def test_every_role_that_holds_the_right_is_named(right: str, said: str) -> None:
    assert f"Give the user {said} as in docs/opensearch.md." == advice([right], "pubmed")
