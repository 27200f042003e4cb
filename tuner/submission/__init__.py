"""A sweep as a Ray job: what is sent to the cluster, and following it there.

- `code`: which folder holds the scenario's code, and what the scenario is called in it.
- `package`: that folder as one archive, without what is no code.
- `job`: the job that the command line asks for; pure.
- `server`: the cluster's job server: submitting, following, how it ended.
"""

from __future__ import annotations

from tuner.submission.code import Code, code_of
from tuner.submission.job import Job, job_of
from tuner.submission.package import write_package
from tuner.submission.server import JobServer

__all__ = ["Code", "Job", "JobServer", "code_of", "job_of", "write_package"]
