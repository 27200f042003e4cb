"""`finalize`: a model of all the data, or an ensemble, with its card; and loading it again.

- `finalizing`: `finalize`.
- `choosing`: which configurations become models; `making`: how they are trained.
- `out_of_fold`, `ensembles`: predictions of rows that a model has not seen, and their combination.
- `measures`, `looks`: what it reaches on the test split, and how often anybody has looked.
- `model_card`: what has to be known of it.
- `models`, `recipe`: `load_model`, and what is saved; `prediction_files`: rows in and out of files.
"""

from __future__ import annotations
