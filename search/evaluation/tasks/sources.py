"""Where the judgements of well-known collections come from, and under which licence. Add a collection here."""

import re

SOURCES: dict[str, str] = {
    "scifact": "SciFact (Wadden et al., EMNLP 2020); claims CC BY 4.0, abstracts ODC-By 1.0",
    "nfcorpus": "NFCorpus (Boteva et al., ECIR 2016); free for academic use only",
    "trec-covid": "TREC-COVID (Voorhees et al., SIGIR Forum 2020); articles under CORD-19's dataset licence",
    "scidocs": "SCIDOCS (Cohan et al., ACL 2020); GPL-3.0",
    "bioasq": "BioASQ (Tsatsaronis et al., BMC Bioinformatics 2015); from its site, to those who register",
    "relish": "RELISH (Brown, Zhou et al., Database 2019); judgements by PMID, texts from PubMed",
    "biosses": "BIOSSES (Soğancıoğlu et al., Bioinformatics 2017); GPL-3.0",
    "pubmedqa": "PubMedQA, labelled part (Jin et al., EMNLP 2019); MIT",
}
"""Collection, in lower case → what to cite, and the terms as far as they are known."""


def source_of(name: str) -> str:
    """What is known of the collection whose name is in this one as whole words; else "".

    `beir/trec-covid` and `qrels.beir-v1.0.0-scifact.test` name theirs.
    """
    plain = f"-{re.sub('[^a-z0-9]+', '-', name.lower())}-"
    return next((source for collection, source in SOURCES.items() if f"-{collection}-" in plain), "")
