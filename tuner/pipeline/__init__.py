"""`study`: the playbook as one chain: explore, audit, refine, adopt, finalize, in one folder.

Decided without running anything:

- `steps`: the steps in their order, what each came to, and which is next.
- `dividing`: the one rule by which a budget is divided among them.
- `consequences`: what follows from what the audit finds.
- `story`: all of it as a page for a colleague, ``STUDY.md``; `picturing`: with all sweeps in
  pictures, ``report.html``.

What runs:

- `request`: what is asked for; the part of it that decides, and the part that may change.
- `settling`: from a request to a plan that can start, and the folder that holds to it.
- `folder`: every file name of a study; `spending`: what its sweeps have spent.
- `acting`: what each step does; `choosing`: the winner of the chain, and its baseline.
- `outcome`: `Study`, how it stands; `studying`: `study`, `resume_study` and `load_study`.
"""

from __future__ import annotations
