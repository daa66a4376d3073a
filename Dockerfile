# The packages, in an environment of their own. Whatever building them takes stays in this stage.
FROM python:3.13-slim AS packages
RUN python -m venv /venv
COPY app/requirements.txt .
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

# What runs: Python, the packages, the code.
FROM python:3.13-slim AS base
RUN useradd --system --no-create-home app
COPY --from=packages /venv /venv
ENV PATH="/venv/bin:$PATH" PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# A name that nobody answers for is looked up for 1 s, not for 10: no time-out of the Redis client holds for that.
ENV RES_OPTIONS="timeout:1 attempts:1"
WORKDIR /srv
COPY app/*.py app/*.sh app/

# The same with its tests: `docker compose run --rm tests`.
FROM base AS tests
COPY app/requirements-tests.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements-tests.txt
COPY app/tests app/tests
USER app
CMD ["python", "-m", "pytest", "-p", "no:cacheprovider", "app"]

# The service. It is the last stage, so a plain `docker build .` makes it.
FROM base AS service
# Where the workers keep what they count, for each other: in memory.
ENV PROMETHEUS_MULTIPROC_DIR=/dev/shm/metrics
USER app
EXPOSE 5000
HEALTHCHECK --interval=2s --timeout=3s --start-period=30s CMD ["bash", "app/healthcheck.sh"]
# The list form: Python itself is the first process and gets the signals.
CMD ["python", "app/serve.py"]
