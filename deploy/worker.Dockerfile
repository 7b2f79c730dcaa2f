# syntax=docker/dockerfile:1
# The image of a worker. TORCH_BUILD chooses the build of torch: cpu, or empty for the one with
# CUDA that the package registry holds. Where PIP_EXTRA_INDEX_URL is needed, docs/deploy.md says.
ARG PYTHON_VERSION=3.11.17

FROM python:${PYTHON_VERSION}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements.lock requirements-torch.txt pyproject.toml ./
COPY deploy/select_packages.py deploy/
ARG TORCH_BUILD=cpu
ARG PIP_EXTRA_INDEX_URL=""
RUN python -m venv /opt/atelier \
 && sed "s/^torch==.*/&${TORCH_BUILD:++$TORCH_BUILD}/" requirements-torch.txt > torch.txt \
 && /opt/atelier/bin/pip install -r torch.txt \
 && python deploy/select_packages.py worker > chosen.lock \
 && /opt/atelier/bin/pip install --no-deps --require-hashes -r chosen.lock
COPY . .
RUN /opt/atelier/bin/pip install --no-deps --no-build-isolation .

FROM python:${PYTHON_VERSION}-slim
COPY --from=build /opt/atelier /opt/atelier
ENV PATH=/opt/atelier/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp
USER 10001:10001
WORKDIR /tmp
# The parent starts a child again when it dies; a worker without a child is not well.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import psutil, sys; sys.exit(not psutil.Process(1).children())"]
ENTRYPOINT ["atelier"]
CMD ["worker"]
