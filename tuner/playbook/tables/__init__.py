"""Measured tables: what the values of one factor bring, with everything else held.

The field's articles print such tables as illustrations. These are measured: each value is trained
over seeds and folds, a row has its interval, and what is concluded is what tests allow that are
corrected for the number of comparisons.

- `tabulating`: `tabulate`, a table of a user's own scenario.
- `factors`, `ensembling`, `searching`: the questions that there are: of a hyperparameter, of the
  way of combining models, of the search technique.
- `asking`: `Effort`, how often to measure; what all questions share. `training`: the sweep of
  repeats, and what is read from its record.
- `judging`: means, what differs, and the conclusion; `contrasts`: the statistics.
- `table`: `Table`, for people and as plain values.
- `registry`: the playbook's own tables, on digits.
"""

from __future__ import annotations
