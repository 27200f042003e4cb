"""`automl` and `tabular_scenario`: from a table to a model that predicts one of its columns.

- `automatic`: `automl`; `outcome`: what it found; `folder`, `scenario_file`: what lies where.
- `building`: `tabular_scenario`; `trainable`: what its trials do; `examples`: the table's rows.
- `reading`, `understanding`: a table in, and what it asks for; `tasks`, `columns`: what is
  predicted from what, as numbers.
- `preparation`: imputing, scaling, encoding and selecting features.
- `families`: kinds of models, what they tune and where they start; `network`: the one that is not
  scikit-learn's.
- `models`, `fitted_state`: one model, trained step by step, and its state; `scores`: how good it
  is.
"""

from __future__ import annotations
