# syntax=docker/dockerfile:1
# The image of the API, the sweep and the migrations: no torch, no model.
ARG PYTHON_VERSION=3.11.17

FROM python:${PYTHON_VERSION}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements.lock pyproject.toml ./
COPY deploy/select_packages.py deploy/
RUN python -m venv /opt/atelier \
 && python deploy/select_packages.py > chosen.lock \
 && /opt/atelier/bin/pip install --no-deps --require-hashes -r chosen.lock
COPY . .
RUN /opt/atelier/bin/pip install --no-deps --no-build-isolation . \
 && rm -r "$(/opt/atelier/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/models/mini"

FROM python:${PYTHON_VERSION}-slim
COPY --from=build /opt/atelier /opt/atelier
ENV PATH=/opt/atelier/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp
USER 10001:10001
WORKDIR /tmp
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["atelier"]
CMD ["api"]
