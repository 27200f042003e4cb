"""The store: what a sweep reports and decides, as Parquet that any tool can read.

Rows enter through one door as plain dicts and leave as frames:

    SweepWriter ──► Journal      journal/segment-*.jsonl: everything, at once
                ├─► PartWriter   reports/, decisions/, events/part-*.parquet: every few seconds
                └─► TrialTable   trials.parquet: with them
    write_spec  ──► sweep.json
    Sweep       ◄── all of them, also while the sweep runs

| module      | what it decides                                                        |
|-------------|------------------------------------------------------------------------|
| `layout`    | every file name of a sweep's folder; atomic replacement                |
| `values`    | plain Python values, exact JSON, flat names                            |
| `kinds`     | what a column can hold and what it widens to                           |
| `columns`   | the fixed columns of each table, and what they mean                    |
| `schema`    | how a schema grows with its rows                                       |
| `dataset`   | a dataset in parts that is whole at any moment                         |
| `summary`   | the last and the best report of a trial                                |
| `trials`    | the table of trials                                                    |
| `journal`   | the log of what is not in a table yet                                  |
| `shapes`    | a short way for rows like those before                                 |
| `writer`    | what is written when, and what a reopened sweep goes on with           |
| `history`   | the tables and the journal as one sequence                             |
| `attempts`  | which reports of a restarted trial count                               |
| `outcomes`  | which outcomes count as good, as failures, as nothing                  |
| `holding`   | when a trial holds a worker                                            |
| `results`   | one trial as a result; the ranking of trials                           |
| `digest`    | errors and reasons in a line each                                      |
| `pareto`    | which trials no other beats in all objectives                          |
| `overview`  | how a sweep stands, as a notebook shows it                             |
| `past`      | trials of earlier sweeps, from which a searcher learned first          |
| `frames`    | stored tables as pandas frames                                         |
| `record`    | what can be said of a sweep's tables, wherever they lie                |
| `reader`    | a sweep's folder as an object                                          |
| `following` | what is new in the record since the last look                          |
| `driving`   | a sweep's folder as its driver has it                                  |
| `lock`      | one driver per sweep (`drivers`: who it is; `processes`: is it alive?) |
| `standing`  | whether a sweep runs, has ended, or lost its driver                    |
| `requests`  | what others ask of the driver                                          |
| `notes`     | what people write about a sweep                                        |

A sweep at a URI is driven from a *staging* folder and read from a *copy*:

    SweepWriter ──► staging folder ──► Outbox ──► Mirror ──► s3://bucket/results/NAME
    Sweep       ◄── copy ◄──────────────── download ◄────────────────┘

| module        | what it decides                                                      |
|---------------|----------------------------------------------------------------------|
| `remote`      | what every object store can do                                       |
| `outbox`      | what has to be uploaded, frozen at one moment                        |
| `mirror`      | in which order, so that the remote can be read at any moment         |
| `uploading`   | one upload, in the background                                        |
| `staging`     | when to upload; what becomes of a remote that is away                |
| `copies`      | where copies lie on this machine, and how they are brought up to date |
| `remote_lock` | one driver per sweep, with nothing but whole objects and listings    |

The store imports no Ray. The law is that what went in comes out: NaN and infinities, lists,
explicit None beside absent values, and the exact types of every config. Every write replaces a
file atomically, so pandas, DuckDB and Polars can open the folder while the sweep runs. Some of
them open a file twice for one read and fail where a flush falls between the two, a matter of
milliseconds: reading again helps. `Sweep` opens each file once.

Nothing is lost and nothing is there twice, wherever a writer dies. Everything that arrives gets
the next ``seq`` and is journaled before anything else happens with it; each table is complete up
to a ``seq`` that it carries; the journal goes when all tables have its records. So a record counts
as stored if its ``seq`` is not beyond its table's, and else the journal has it.
"""

from __future__ import annotations

from tuner.store.history import read_history
from tuner.store.layout import SCHEMA_VERSION, SweepLayout
from tuner.store.reader import Sweep, load
from tuner.store.results import TrialResult, last_line
from tuner.store.values import plain
from tuner.store.writer import SweepWriter, write_spec

__all__ = [
    "SCHEMA_VERSION",
    "Sweep",
    "SweepLayout",
    "SweepWriter",
    "TrialResult",
    "last_line",
    "load",
    "plain",
    "read_history",
    "write_spec",
]
