"""The command ``tuner``: verbs that parse, call and print.

| module         | what is in it                                                          |
|----------------|------------------------------------------------------------------------|
| `app`          | `main`: the verbs, and what becomes of an error                        |
| `run`          | ``tuner run``: every option of `tuner.run`                             |
| `run_options`  | how each is spelled, what it is for, its default in words              |
| `known_names`  | names and defaults before Ray is imported; misspelled ones are refused |
| `launch`       | the sweep itself, and what is printed at its end                       |
| `shared_options` | the same options in another verb                                    |
| `launch_text`  | the other way: options as a launch file                                |
| `submitting`   | ``submit``                                                             |
| `diagnosing`   | ``doctor``                                                             |
| `launch_file`  | sweeps in TOML, and how the command line overrides them                |
| `option_names` | errors that name ``--num-samples`` where Python has ``num_samples``    |
| `usage`        | errors about the words of a command, in one line                       |
| `spellings`    | durations, resources and points as they are typed                      |
| `reading`      | ``scenarios``, ``ls``, ``show``, ``best``, ``export``                  |
| `locate`       | a sweep by its folder or by its name                                   |
| `stored`       | a sweep's rows, part by part, also while it runs                       |
| `contents`     | what the reading verbs say of a sweep, as plain values                 |
| `tables`       | the same as text for a person (`trial_tables` for one trial)           |
| `cluster_tables` | its workers and nodes; `grid` is the look of all tables             |
| `terminal`     | where they print                                                       |
| `strict_json`  | the same as JSON for any language                                      |
| `exporting`    | whole tables as CSV, JSON or Parquet                                   |
| `following`    | ``watch`` and ``logs``: a sweep from another terminal                  |
| `standing`     | whether it runs, and a snapshot of it, from its folder alone           |
| `chronicle`    | what happened, in words                                                |
| `steering`     | ``stop`` and ``note``                                                  |
| `reproducing`  | ``reproduce``                                                          |
| `public_data`  | ``data list``, ``data fetch``, ``data where``                          |
| `forecasting`  | ``plan``                                                               |
| `hindsight`    | ``replay``                                                             |
| `studying`     | ``study``: the playbook as one chain                                    |
| `simulating`   | ``simulate``; what it says at its end is in `simulated`                 |
| `plotting`     | ``plot``                                                               |
| `comparing`    | ``compare`` (`comparison_file`: in TOML; `comparison_parts`: its output) |
| `exchanging`   | ``import``; whole sweeps to TensorBoard and Optuna                     |

Ray, pandas and pyarrow are imported inside the verbs, so that ``tuner --help`` is quick.
"""

from __future__ import annotations

from tuner.cli.app import main

__all__ = ["main"]
