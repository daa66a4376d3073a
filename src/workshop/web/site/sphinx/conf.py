"""The settings of Sphinx. It runs in an environment of its own, which has no `workshop`; see `workshop.web.site.build`."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Flask, Docker and Redis"
html_title = project
extensions = ["myst_nb", "sphinx_copybutton", "first_uses"]
myst_enable_extensions = ["attrs_block", "deflist"]
myst_heading_anchors = 3
myst_links_external_new_tab = False
nb_execution_mode = "off"
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["course.css", "map.css"]
html_js_files = ["kept.js"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_use_index = False
html_last_updated_fmt = None
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0a58ca", "color-brand-content": "#0a58ca"},
    "dark_css_variables": {"color-brand-primary": "#7cb2ff", "color-brand-content": "#7cb2ff"},
    "footer_icons": [],
}
copybutton_exclude = ".linenos, .gp, .go"
copybutton_selector = "div.highlight-sh pre, div.highlight-dockerfile pre, div.highlight-yaml pre, div.cell_input pre"
suppress_warnings = [
    "myst.header",
    "misc.highlighting_failure",
]  # an output cell's language, a deeper heading in a fold
course_terms = re.findall(
    r"^([\w-][\w 0-9-]*)\n  ", Path(__file__).with_name("glossary.md").read_text("utf-8"), re.MULTILINE
)
