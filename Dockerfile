# One image for everything of Baton: docker-compose.yml says what each container runs.
# It needs no root, no writable file system but /tmp and /var/lib/baton, and no package that is not in the lock; of the
# system it needs git, by which blogs are read and posts proposed.

FROM python:3.12.12-slim-bookworm AS packages
COPY requirements.lock /build/
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r /build/requirements.lock

FROM python:3.12.12-slim-bookworm
ENV PATH="/opt/venv/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    BATON_DATA=/var/lib/baton \
    BATON_LOG=json
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
COPY --from=packages /opt/venv /opt/venv
COPY pyproject.toml /app/
COPY shared /app/shared
COPY services /app/services
# Compiled here, since nothing can be written there later.
RUN python -m compileall -q /app && install -d -o 10001 -g 10001 /var/lib/baton
WORKDIR /app
# A number: an orchestrator can see that it is not root. Files are root's, so what runs cannot change itself.
USER 10001:10001
STOPSIGNAL SIGTERM
CMD ["python", "-m", "shared.cli", "--help"]
