"""What the log of a build says and the mistake that it names: the table that `diagnosis` reads."""

from __future__ import annotations

from workshop.mistakes.python import Rule

BUILD_RULES: list[Rule] = [
    (
        "empty",
        r"file with no instructions|Dockerfile[^\n]* cannot be empty",
        "The Dockerfile holds no instruction. Its first one is FROM.",
    ),
    ("no from", r"no build stage in current context", "A Dockerfile begins with FROM, the image to build on."),
    (
        "comment in line",
        r"FROM requires either one or three arguments",
        "FROM takes one image and no more, with no blank in its name: python:3.13-slim. A comment stands on a line of its own.",
    ),
    (
        "comment in line",
        r"^ > \[[^\n]*\] (COPY|ADD) [^\n]* #(?:.|\n)*",
        "{0} takes all that follows `#` for names of files. A comment stands on a line of its own.",
    ),
    (
        "line goes on",
        r"^ > \[[^\n]*\] RUN [^\n]*? (COPY|CMD|EXPOSE|WORKDIR|ENTRYPOINT) (?:.|\n)*",
        "{0} was taken for a part of the RUN line: a line that ends in \\ goes on in the next one. Take the \\ off the last line of RUN.",
    ),
    (
        "not a port",
        r"[Ii]nvalid containerPort: \S+|No port specified: \S+",
        "EXPOSE takes numbers of ports and nothing else: `EXPOSE 5000`. A comment stands on a line of its own.",
    ),
    (
        "no name of an image",
        r'failed to parse stage name "([^"]+)": invalid reference format[^\n]*',
        "`{0}` is no name of an image. Behind the name stands a colon, then the tag: python:3.13-slim.",
    ),
    (
        "parse error",
        r"parse error on line (\d+): (?!unknown instruction|FROM requires)([^\n]*)",
        "Line {0} of the Dockerfile: {1}.",
    ),
    (
        "windows path",
        r'"/?[A-Za-z]:[^"]*": not found|syntax error in pattern',
        "A path in COPY or ADD cannot be read. Write it with `/`, beginning in the folder of the Dockerfile; a path of Windows has no meaning here. "
        "A list wants plain double quotes.",
    ),
    (
        "several files to one",
        r"cannot copy to non-directory|destination must be a directory|mkdir \S+: not a directory|\[Errno 20\] Not a directory: '[^'\n]*'",
        "A file has the name that a folder is meant to have. COPY takes its last word for a folder where that ends with a /, or where the folder "
        "is there already: WORKDIR makes one.",
    ),
    (
        "environment in context",
        r'(?:failed to compute cache key|failed to calculate checksum)[^\n]*"/?((?:\.?venv|env|node_modules)\b[^"]*)": not found',
        "`{0}` does not come along: a virtual environment is made for one machine and is no part of the work. Let the image install what "
        "requirements.txt names.",
    ),
    (
        "path of another machine",
        r"Could not install packages due to an OSError: \[Errno 2\] No such file or directory: '([^']+)'",
        "requirements.txt names {0}, a path of another machine. Write each package with its version: `flask==3.1.3`.",
    ),
    (
        "copy without a destination",
        r"\] (?:COPY|ADD) [^\n]*\.py \S*(requirements\.txt)$(?:.|\n)*Invalid requirement[^\n]*",
        "The last word of COPY says where to, so the image's {0} is a copy of the file before it. A point means the folder of WORKDIR: "
        "`COPY app.py requirements.txt .`.",
    ),
    (
        "copy without a destination",
        r"\] (?:COPY|ADD) [^\n]*\brequirements\.txt \S*?([\w-]+\.py)$(?:.|\n)*Could not open requirements file[^\n]*",
        "The last word of COPY says where to, so requirements.txt was copied to the name {0}. A point means the folder of WORKDIR: "
        "`COPY app.py requirements.txt .`.",
    ),
    (
        "list for a package",
        r"No matching distribution found for (\S*requirements\S*|\S+\.txt)",
        "pip takes {0} for the name of a package. That it is a file with names of packages says -r: `pip install -r {0}`.",
    ),
    (
        "no command of pip",
        r'unknown command "([^"]+)"',
        "pip has no command `{0}`. What installs is `pip install`.",
    ),
    (
        "install without pip",
        r"missing destination file operand after '([^']+)'",
        "The command at that step copies files, and misses where to. Packages of Python are installed by pip: `RUN pip install …`.",
    ),
    (
        "folder of the build",
        r"cannot (?:stat|access) '([^']+)': No such file or directory|\b(?:cp|mv): (?:can't stat|cannot stat) '([^']+)'",
        "A RUN line sees what is in the image, and {0} is not there. What stands beside the Dockerfile comes into the image with COPY.",
    ),
    (
        "user before install",
        r"OSError: \[Errno 13\] Permission denied: '([^']+)'",
        "pip may not write to {0}: a USER line before that step took the right away. Install first, and let USER follow.",
    ),
    (
        "invalid requirement",
        r"Invalid requirement: '([^']+)'",
        "`{0}` in requirements.txt is not what pip can read. The file holds names of packages, one a line, a version behind `==`: `flask==3.1.3`.",
    ),
    (
        "no package lists",
        r"Unable to locate package (\S+)",
        "apt finds no package `{0}`. The image comes without lists of packages: `RUN apt-get update && apt-get install -y …`, in one line. "
        "Packages of Python come with pip instead.",
    ),
    (
        "image not found",
        r"(?:metadata for |pull access denied for )([^\s,]+?)(?:: pull access denied|, repository does not exist)",
        "There is no image {0} that all may have. Is it spelled so after FROM?",
    ),
    (
        "package not found",
        r"(?:ERROR: )?No matching distribution found for (\S+)",
        "pip finds no package `{0}` for this image. Is the name spelled as on PyPI, does that version exist, and is it not made for another system "
        "only? What comes with Python (os, json, socket) is not named there.",
    ),
    (
        "file not in context",
        r'(?:failed to compute cache key|failed to calculate checksum)[^\n]*"/?([^"]*)": not found',
        "COPY finds no `{0}` in the folder that is built. Only files beside the Dockerfile, and not ignored by .dockerignore, can be copied. Is it "
        "spelled so, capital letters too?",
    ),
    (
        "unknown instruction",
        r"unknown instruction: (\S+)",
        "The Dockerfile has a line that begins with `{0}`, which is no instruction. Is it spelled so, with a blank behind? A command of the build "
        "stands behind RUN, and goes on in the next line where its line ends in \\.",
    ),
    (
        "requirements not found",
        r"Could not open requirements file: [^\n]*?'([^'\n]+)'",
        "pip finds no file {0} at that step. COPY it before the RUN line that reads it, to the folder that WORKDIR names before that. Is it spelled "
        "so in both?",
    ),
    (
        "no adduser",
        r"/bin/sh: (?:\d+: )?(adduser|addgroup): not found",
        "The image has no command `{0}` at that step: Debian's slim images no longer bring it. `useradd` and `groupadd` are there.",
    ),
    (
        "not needed",
        r"/bin/sh: (?:\d+: )?(sudo): not found",
        "The image has no `{0}`, and a build needs none: its steps are root's. Write the command alone.",
    ),
    (
        "not for the build",
        r"/bin/sh: (?:\d+: )?(docker): not found",
        "`{0}` is a command for your own terminal. The Dockerfile says what is in the image, and CMD what a container starts.",
    ),
    (
        "not for the build",
        r"/bin/sh: (?:\d+: )?(source): not found",
        "The shell of the build has no `{0}`, and each RUN line begins in a new one. An image needs no virtual environment; one that is there is "
        "used by its path: /venv/bin/pip.",
    ),
    (
        "command not found",
        r"/bin/sh: (?:\d+: )?([\w./-]+): not found",
        "The image has no command `{0}` at that step. Does FROM name an image that brings it?",
    ),
    (
        "image not found",
        r"([\w./:@-]+): not found",
        "There is no image {0} in its registry. Is name and tag spelled so?",
    ),
    (
        "too large a file",
        r"[Ff]ile size limit exceeded|File too large",
        "A step of the build wrote a file over the limit that the workshop sets.",
    ),
]
