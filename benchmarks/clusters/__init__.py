"""Sweeps on a cluster of several nodes on one machine, on which things go wrong.

- `work`: what trials do, and what they write down of it.
- `drive`: the program that runs a sweep, on the cluster's head.
- `driving`: starts it, and gathers what is left at the end.
- `evidence`: what the records show; pure.
- `proofs`: each a sweep, something that happens to it, and figures of what came of it.
"""
