"""Queries and the passages that answer them → a query encoder, an article encoder, a cross-encoder.

It follows MedCPT's recipe (Jin et al., Bioinformatics 2023). `dataset` is the one format that training reads, and needs
no torch; what computes needs the extra `train`, and is imported when it is first asked for.
"""
