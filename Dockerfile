# Build: everything from the lock file, with hashes, wheels only. Run: no pip, no compiler, no root.
FROM python:3.13.9-slim-trixie AS build
WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /opt/autoscaler \
    && /opt/autoscaler/bin/pip install --no-cache-dir --no-compile --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY autoscaler ./autoscaler
RUN /opt/autoscaler/bin/pip install --no-cache-dir --no-compile --no-deps . \
    && /opt/autoscaler/bin/pip uninstall --yes pip

FROM python:3.13.9-slim-trixie
LABEL org.opencontainers.image.title="autoscaler" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN python -m pip uninstall --yes pip \
    && mkdir /state && chown 65532:65532 /state
COPY --from=build /opt/autoscaler /opt/autoscaler
ENV PATH=/opt/autoscaler/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 AUTOSCALER_STATE_DIR=/state
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["autoscaler"]
CMD ["run", "-f", "/etc/autoscaler/objects", "--listen", "0.0.0.0:8080"]
