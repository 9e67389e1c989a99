"""Which role an error tells a user to ask for."""

import pytest

from indexer.engines.opensearch.connecting.rights import advice


@pytest.mark.parametrize(
    ("right", "said"),
    [
        ("indices:data/read/search", "the role 'biocpt-reader' or 'biocpt-writer' or 'biocpt-attacher' for pubmed*,"),
        ("indices:admin/create", "the role 'biocpt-writer' for pubmed*,"),
        (
            "cluster:monitor/main",
            "the role 'biocpt-writer' or 'biocpt-planner' or 'biocpt-pipelines' or 'biocpt-attacher',",
        ),
        ("cluster:monitor/nodes/stats", "the role 'biocpt-planner',"),
        ("cluster:admin/search/pipeline/put", "the role 'biocpt-pipelines',"),
        ("cluster:admin/other", "a role that has it,"),
    ],
)
def test_every_role_that_holds_the_right_is_named(right: str, said: str) -> None:
    assert f"Give the user {said} as in docs/opensearch.md." == advice([right], "pubmed")
