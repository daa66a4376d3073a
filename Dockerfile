# First stage: the packages, in an environment of their own. Whatever building them takes stays here.
FROM python:3.13-slim AS packages
RUN python -m venv /venv
COPY app/requirements.txt .
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

# Second stage: what runs.
FROM python:3.13-slim
RUN useradd --system --no-create-home app
COPY --from=packages /venv /venv
ENV PATH="/venv/bin:$PATH" PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# A name that nobody answers for is looked up for 1 s, not for 10: no time-out of the Redis client holds for that.
ENV RES_OPTIONS="timeout:1 attempts:1"
WORKDIR /srv
COPY app app
USER app
EXPOSE 5000
HEALTHCHECK --interval=2s --timeout=3s --start-period=30s CMD ["bash", "app/healthcheck.sh"]
# The list form: gunicorn itself is the first process and gets the signals.
CMD ["gunicorn", "--config", "app/gunicorn.conf.py", "app:create_app()"]
