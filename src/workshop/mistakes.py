"""What a log says and the mistake that it names: the tables that `diagnosis` reads."""

from __future__ import annotations

# Each rule: a name, what the log says, and the hint; the groups of the match fill the hint's braces.
Rule = tuple[str, str, str]

PYTHON_RULES: list[Rule] = [
    (
        "module not found",
        r"ModuleNotFoundError: No module named '([\w.]+)'",
        "Python finds no module `{0}`. If it is a package, name it in requirements.txt and install that in the image (in a lesson without a "
        "Dockerfile, do without it); if it is your own file, check that it is copied and spelled so.",
    ),
    (
        "escape from flask",
        r"ImportError: cannot import name '(escape|Markup)' from 'flask'",
        "Flask no longer has `{0}`. It comes from the package below Flask: from markupsafe import {0}.",
    ),
    (
        "two views of one name",
        r"AssertionError: View function mapping is overwriting an existing endpoint function: (\w+)",
        "Two views are called `{0}`. Each function below a route needs a name of its own.",
    ),
    (
        "syntax error",
        r'File "([^"]+)", line (\d+)(?:.*\n){1,6}?\s*(SyntaxError|IndentationError|TabError): (.*)',
        "{0}, line {1}, is not Python: {3}. The mistake is there or on the line before.",
    ),
    (
        "not utf-8",
        r"SyntaxError: (?:\(unicode error\)|Non-UTF-8 code).*",
        "The file is not saved as UTF-8. Save it again with the encoding UTF-8.",
    ),
    (
        "redis refuses",
        r"Error (?:111|61|10061)\b[^\n]*connecting to (localhost|127\.0\.0\.1|::1)",
        "The app looks for Redis on {0}. Inside a container that is the container itself, and no Redis is there. Take the address from REDIS_URL.",
    ),
    (
        "redis refuses",
        r"Error (?:111|61|10061)\b[^\n]*connecting to ([\w.:-]+)",
        "Redis at {0} refused the connection: nothing listens there now. Is the address the one in REDIS_URL, and is the port 6379?",
    ),
    (
        "redis not found",
        r"Error -(?:2|3|5)\b[^\n]*connecting to ([\w.-]+)",
        "The name `{0}` does not resolve: on this network nothing is called so. Take the address of Redis from REDIS_URL; under Compose it is "
        "the name of the service.",
    ),
    (
        "redis times out",
        r"redis\.exceptions\.TimeoutError|TimeoutError: Timeout (?:reading from|connecting to)",
        "Redis did not answer in time and the app let that exception through. Catch redis.exceptions.RedisError and answer 503.",
    ),
    (
        "redis error let through",
        r"redis\.exceptions\.(\w+Error)",
        "The app let a {0} of redis-py through. Catch redis.exceptions.RedisError where it can be answered.",
    ),
    (
        "too many processes",
        r"can't start new thread|BlockingIOError: \[Errno 11\] Resource temporarily unavailable|fork: (?:retry: )?Resource temporarily unavailable",
        "The app started processes or threads until it reached the limit. What starts them, and what ends them?",
    ),
    (
        "out of memory",
        r"^MemoryError",
        "The app asked for more memory than it may have. What in it grows without bound?",
    ),
    (
        "address in use",
        r"Address already in use|Port (\d+) is in use",
        "The app found its port taken. Does the code start two servers?",
    ),
    (
        "view returned nothing",
        r"TypeError: The view function for '(\w+)' did not return a valid response\. The function either returned None",
        "The view `{0}` returned nothing. `print` writes to the log; only what the view returns is sent to the browser. Use return.",
    ),
    (
        "view returned a wrong type",
        r"TypeError: The view function (?:for '(\w+)' )?did not return a valid response\.",
        "The view returned something that Flask cannot send. Return text, a dict, or a list; a status stands second: return {{…}}, 201.",
    ),
    (
        "not serializable",
        r"TypeError: Object of type (\w+) is not JSON serializable",
        "The answer holds a value of type {0}, which JSON cannot carry. For bytes from Redis: decode_responses=True.",
    ),
]

EXIT_RULES: list[Rule] = [
    (
        "no such host",
        r"^(?:Name or service not known|nodename nor servname provided, or not known|\[Errno 11001\] getaddrinfo failed)$",
        'The host that the server was given is no address. The port is no part of it: app.run(host="0.0.0.0", port=5000).',
    ),
    (
        "packages at the start",
        r"pip\._vendor[^\n]*(?:NewConnectionError|name resolution)(?:.|\n)*",
        "The container installs packages when it starts, each time anew, and here it has no way to the internet. Install them while the image "
        "is built: `RUN pip install …` in the Dockerfile.",
    ),
    (
        "crlf",
        r"can't open file '[^'\n]*(?:\\r|\r)': \[Errno 2\]",
        "A script has Windows line ends (CRLF): Linux reads the \\r as part of the file's name. Save the script with LF line ends.",
    ),
    (
        "not a list",
        r"sh: (?:\d+: )?\[\S*: not found",
        "CMD or ENTRYPOINT is not read as a list, so a shell takes the bracket for a command. The list is JSON and wants plain double quotes: "
        'CMD ["python", "app.py"].',
    ),
    (
        "command for a file",
        r"can't open file '[^'\n]*/(python3?|flask|gunicorn)': \[Errno 2\]",
        "Python takes the word `{0}` for the file to run. ENTRYPOINT and CMD are put together to one command; say `{0}` in one of them only.",
    ),
    (
        "no workdir",
        r"can't open file '/(/[^'/\n]+)': \[Errno 2\]",
        "Python looks for {0}, in the container's topmost folder. WORKDIR names the folder that a container starts in; `RUN cd` holds for its own "
        "line only.",
    ),
    (
        "file not found",
        r"can't open file '([^']+)': \[Errno 2\]",
        "Python finds no file {0} in the container. Is app.py copied there, and does WORKDIR name the folder that it is copied to?",
    ),
    (
        "crlf",
        r"\$'\\r'|\\r'?: (?:command )?not found|'[\w/]*python3?\\r'|/bin/(?:ba)?sh\^M|bad interpreter|illegal option -\s*$|set: Illegal option -\s",
        "A script has Windows line ends (CRLF): Linux reads the \\r as part of the command. Save it with LF line ends.",
    ),
    (
        "no interpreter",
        r"exec (\S+): exec format error",
        "The container cannot execute {0}. A script's first line names its interpreter, for instance #!/bin/sh; a program must be made for the "
        "container's kind of processor.",
    ),
    (
        "exec no such file",
        r"exec (\S+): no such file or directory",
        "The container cannot start {0}: either the file is not in the image, or its first line (#!…) ends in a Windows line end (CRLF), so that "
        "no such interpreter is found. Copy the file into the image and save it with LF line ends.",
    ),
    (
        "words in one string",
        r'exec: \\?"(\S+) ([^"\\]+)\\?": (?:stat [^:]+: no such file or directory|executable file not found)',
        'The container looks for one command called `{0} {1}`. In a list each word is a string of its own: CMD ["python", "app.py"].',
    ),
    (
        "script not in path",
        r'exec: \\?"([\w-]+\.(?:sh|py))\\?": executable file not found',
        "The container looks for {0} where its commands are, not in its folder. Say where it is: ./{0}. It must be copied into the image, too.",
    ),
    (
        "command not found",
        r'exec: \\?"([^"\\]+)\\?": (?:stat [^:]+: no such file or directory|executable file not found)',
        "The container cannot start `{0}`: there is no such command in the image. Is it spelled so, installed in the image, and copied?",
    ),
    (
        "permission denied",
        r"""(?:exec:? \\?"?|/docker-entrypoint[^\n]*|sh: (?:\d+: )?)([\w./-]+)\\?"?:[^\n]*[Pp]ermission denied""",
        "The container may not execute {0}. Make it executable (`RUN chmod +x {0}` or `git update-index --chmod=+x`), or start it with `sh {0}`.",
    ),
    (
        "permission denied",
        r"can't open file '([^']+)': \[Errno 13\]",
        "The container's user may not read {0}. Give the file to that user (`COPY --chown`), or let all read it (`COPY --chmod=644`).",
    ),
    (
        "permission denied",
        r"PermissionError: \[Errno 13\] Permission denied: '([^']+)'",
        "The app may not touch {0}: the user it runs as has no right to. Give that user the folder (`COPY --chown`, or `RUN chown` before USER).",
    ),
    (
        "needs a capability",
        r"(?:setpriv|gosu|su-exec|su|setuid|setgroups)[^\n]*(?:Operation not permitted|operation not permitted)",
        "The start script changes its user, and the grader's container has no capabilities to do so. Set the user in the Dockerfile: USER.",
    ),
    (
        "variable not set",
        r"^Error: '' is not a valid port number|'--port' / '-p': '' is not",
        "The server was given an empty port: its command names a variable, PORT perhaps, that nobody has set. Set it in the Dockerfile, "
        "ENV PORT=5000, or say what holds without it: ${{PORT:-5000}}.",
    ),
    (
        "variable not replaced",
        r"(?:^Error: |'--port' / '-p': |with base 10: )'\$\{?(\w+)",
        'The server was given the text ${0} itself: in the exec form, CMD ["…", "…"], no shell reads the line, so no shell replaces ${0}. '
        'Let the program read its environment (gunicorn takes PORT by itself where it is given no --bind), or CMD ["sh", "-c", "exec … ${0}"].',
    ),
    (
        "flask app not found",
        r"Could not locate a Flask application|Failed to find Flask application or factory in module '(?:app|wsgi)'",
        "`flask run` finds no Flask app in the folder that it starts in. Does WORKDIR name the folder that app.py is copied to? Another file is "
        "named so: `flask --app NAME run`.",
    ),
    (
        "flask app not found",
        r"(?:Could not import '([^']+)'|Failed to find (?:Flask application|attribute))",
        "The server finds no application under the name it was given. For `app = Flask(__name__)` in app.py it is `app:app`.",
    ),
]

BUILD_RULES: list[Rule] = [
    ("empty", r"file with no instructions|Dockerfile[^\n]* cannot be empty", "The Dockerfile holds no instruction. Its first one is FROM."),
    ("no from", r"no build stage in current context", "A Dockerfile begins with FROM, the image to build on."),
    ("comment in line", r"FROM requires either one or three arguments", "FROM takes one image and no more. A comment stands on a line of its own."),
    (
        "comment in line",
        r"^ > \[[^\n]*\] (COPY|ADD) [^\n]* #(?:.|\n)*",
        "{0} takes all that follows `#` for names of files. A comment stands on a line of its own.",
    ),
    ("parse error", r"parse error on line (\d+): (?!unknown instruction|FROM requires)([^\n]*)", "Line {0} of the Dockerfile: {1}."),
    (
        "windows path",
        r'"/?[A-Za-z]:[^"]*": not found|syntax error in pattern',
        "A path in COPY or ADD cannot be read. Write it with `/`, beginning in the folder of the Dockerfile; a path of Windows has no meaning here.",
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
        "only?",
    ),
    (
        "file not in context",
        r'(?:failed to compute cache key|failed to calculate checksum)[^\n]*"/?([^"]*)": not found',
        "COPY finds no `{0}` in the folder that is built. Only files beside the Dockerfile, and not ignored by .dockerignore, can be copied.",
    ),
    (
        "unknown instruction",
        r"unknown instruction: (\S+)",
        "The Dockerfile has a line that begins with `{0}`, which is no instruction. Is it spelled so?",
    ),
    (
        "requirements not found",
        r"Could not open requirements file: [^\n]*?'([^'\n]+)'",
        "pip finds no file {0} at that step. COPY it before the RUN line that reads it, to the folder that WORKDIR names before that.",
    ),
    (
        "no adduser",
        r"/bin/sh: (?:\d+: )?(adduser|addgroup): not found",
        "The image has no command `{0}` at that step: Debian's slim images no longer bring it. `useradd` and `groupadd` are there.",
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
    ("too large a file", r"[Ff]ile size limit exceeded|File too large", "A step of the build wrote a file over the limit that the workshop sets."),
]
