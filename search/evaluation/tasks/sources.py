"""Where the judgements of well-known collections come from, and under which licence. Add a collection here."""

import re

SOURCES: dict[str, str] = {
    "scifact": "SciFact (Wadden et al., EMNLP 2020); claims CC BY 4.0, abstracts ODC-By 1.0",
    "nfcorpus": "NFCorpus (Boteva et al., ECIR 2016); free for academic use: tuning and judging only",
    "trec-covid": "TREC-COVID (Voorhees et al., SIGIR Forum 2020); NIST's judgements over the CORD-19 dataset licence",
    "scidocs": "SCIDOCS (Cohan et al., ACL 2020); see its authors' licence (GPL-3.0 code, ODC-By data)",
    "bioasq": "BioASQ (Krithara et al., Scientific Data 2023); CC BY 2.5, from its participants' area only",
    "relish": "RELISH (Brown, Zhou et al., Database 2019); texts by PMID from PubMed",
    "biosses": "BIOSSES (Soğancıoğlu et al., Bioinformatics 2017); GPL-3.0",
    "pubmedqa": "PubMedQA, labelled part (Jin et al., EMNLP 2019); MIT",
}
"""Collection, in lower case → what to cite, and the terms."""


def source_of(name: str) -> str:
    """What is known of the collection that a word, or two words joined by a hyphen, of the name stands for; else ""."""
    plain = f"-{re.sub('[^a-z0-9]+', '-', name.lower())}-"
    return next((source for collection, source in SOURCES.items() if f"-{collection}-" in plain), "")
