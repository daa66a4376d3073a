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
        "function not called",
        r"TypeError: Object of type (?:builtin_function_or_method|function|method) is not JSON serializable",
        "The answer holds a function, and not what it returns. Call it: a pair of parentheses behind its name.",
    ),
    (
        "not serializable",
        r"TypeError: Object of type bytes is not JSON serializable",
        "The answer holds a value of type bytes, which JSON cannot carry. Make it a text: .decode(), subprocess with text=True, Redis with "
        "decode_responses=True.",
    ),
    (
        "not serializable",
        r"TypeError: Object of type (\w+) is not JSON serializable",
        "The answer holds a value of type {0}, which JSON cannot carry. It knows texts, numbers, true and false, null, lists and dicts.",
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
        "no such address",
        r"^(?:\[Errno 99\] )?Cannot assign requested address",
        "The server was given an address that the container does not have. 0.0.0.0 means every address that it has.",
    ),
    (
        "no such user",
        r"unable to find (user|group) ([\w.-]+): no matching entries",
        "USER names the {0} {1}, and the image has none of that name. Make it on a RUN line before: `RUN useradd {1}`, `RUN groupadd {1}`.",
    ),
    (
        "shell for a file",
        r'File "/bin/(?:ba|da)?sh", line 1(?:.|\n)*?SyntaxError: [^\n]*',
        'ENTRYPOINT says python, and CMD in the shell form puts /bin/sh behind it, so Python reads the shell. Write CMD as a list: CMD ["app.py"].',
    ),
    (
        "python file as a program",
        r"""(?:exec:? \\?"?|sh: (?:\d+: )?)([\w./-]+\.py)\\?"?: (?:executable file not found|not found|exec format error|[^\n]*ermission denied)""",
        'The container takes {0} for a program of its own. It is Python that runs it: CMD ["python", "app.py"].',
    ),
    (
        "crlf",
        r"can't open file '[^'\n]*(?:\\r|\r)': \[Errno 2\]",
        "A script has Windows line ends (CRLF): Linux reads the \\r as part of the file's name. Save the script with LF line ends.",
    ),
    (
        "not a list",
        r"sh: (?:\d+: )?\[\S*: not found",
        "CMD or ENTRYPOINT is no list, so a shell takes the bracket for a command. The list is JSON: plain double quotes, commas, two brackets: "
        'CMD ["python", "app.py"].',
    ),
    (
        "command for a file",
        r"can't open file '[^'\n]*/(python3?|flask|gunicorn)': \[Errno 2\]",
        "Python takes the word `{0}` for the file to run. ENTRYPOINT and CMD are put together to one command; say `{0}` in one of them only. "
        "A module is run with -m: `python -m flask run`.",
    ),
    (
        "command for a command",
        r"Error: No such command '(flask|python3?|gunicorn)'",
        "flask takes the word `{0}` for one of its own commands. ENTRYPOINT and CMD are put together to one command; say `{0}` in one of them only.",
    ),
    (
        "file for a command",
        r"Error: No such command '([\w./-]+\.py)'",
        "flask takes {0} for one of its own commands. The file stands behind --app: `flask --app {0} run --host 0.0.0.0`.",
    ),
    (
        "two words in one string",
        r"No such option:? '?(--?[\w-]+) ([\w.:]+)",
        'The server takes "{0} {1}" for the name of one option. In a list each word is a string of its own: "{0}", "{1}".',
    ),
    (
        "word too much",
        r"Got unexpected extra arguments? \(([^)]*)\)",
        "The server was given a word that it does not expect: {0}. The name of an option begins with two dashes: --host=0.0.0.0.",
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
        r"sh: (?:\d+: )?(\w+) ([^:\n]+): not found",
        'The container\'s shell looks for one command called `{0} {1}`. Take the quotes off, or write a list: CMD ["python", "app.py"].',
    ),
    (
        "not in a list",
        r'exec: \\?"(cd|source|export|&&)\\?": executable file not found',
        "`{0}` belongs to the shell, and a list is read by none. WORKDIR names the folder, ENV sets a variable, and CMD starts one command.",
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
        "command not found",
        r"sh: (?:\d+: )?([^\s:\\]+): not found",
        'The shell in the container knows no command `{0}`. Is it spelled so, and installed in the image? A list looks so: CMD ["python", "app.py"].',
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
        r"(?:ImportError: )?Failed to find application, did you mean '[^']+'|Error: No application module specified",
        "gunicorn wants the name of the module, without .py, and behind a colon that of the application. For `app = Flask(__name__)` in app.py it is "
        "`app:app`.",
    ),
    (
        "flask app not found",
        r"(?:Could not import '([^']+)'|Failed to find (?:Flask application|attribute))",
        "The server finds no application under the name it was given. For `app = Flask(__name__)` in app.py it is `app:app`.",
    ),
]
