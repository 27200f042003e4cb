"""How Sphinx builds the documentation: ``make docs``.

Pages are MyST Markdown, read on GitHub as well. Nothing on the site comes from the network.
"""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent / "_generate"))

from docstring_fences import fences_to_blocks
from repository import rewrite_source

project = "tuner"
author = "The tuner authors"
copyright = "The tuner authors. Apache License 2.0"  # noqa: A001  (Sphinx calls it so)
version = release = version_of("tuner")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_*", "**/.*"]
nitpicky = True
# Others' objects: without the network their documentation cannot be asked.
nitpick_ignore_regex = [
    (r"py:.*", r"(?!tuner\b).*"),
    # What docstrings name in passing, and types that are no public names.
    (r"py:(obj|class|data|exc)", r".*"),
]
show_warning_types = True
smartquotes = False  # options begin with two dashes

# Markdown ---------------------------------------------------------------------------------------
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4  # as GitHub has them
suppress_warnings = ["myst.header"]  # tables of generated pages begin at any level

# Notebooks: their outputs are stored, and the tests run them -----------------------------------
nb_execution_mode = "off"
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # none is used; they would come from a CDN
nb_merge_streams = True

# Docstrings -------------------------------------------------------------------------------------
default_role = "py:obj"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80

# The look ---------------------------------------------------------------------------------------
html_theme = "furo"
html_title = f"tuner {version}"
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_static_path: list[str] = []
html_theme_options = {"navigation_with_keys": True}


def setup(app: Sphinx) -> None:
    """Let pages link to files of the repository, and docstrings have code in Markdown."""
    app.connect("source-read", rewrite_source)
    app.connect("autodoc-process-docstring", fences_to_blocks, priority=400)  # before napoleon
