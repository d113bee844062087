# The query API, and with the command `index` the indexers.
#
# Another package index or a company's CA: a pip.conf as a build secret, which stays out of the image:
#   docker build --secret id=pip,src=$HOME/.config/pip/pip.conf .

ARG PYTHON=3.13-slim-trixie

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build

# The dependencies are a layer of their own: it stays while only the code changes.
COPY requirements-build.lock requirements-run.lock ./
# jieba comes as source only, without anything to compile; the locked build tools make a wheel of it.
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    python -m venv /opt/office-search \
    && python -m pip install --require-hashes --only-binary :all: -r requirements-build.lock \
    && python -m pip wheel --require-hashes --only-binary :all: --no-binary jieba --no-build-isolation --no-deps \
        --wheel-dir dependencies -r requirements-run.lock \
    && /opt/office-search/bin/pip install --no-index --no-deps dependencies/*.whl

COPY . .
RUN python -m pip wheel --no-index --no-deps --no-build-isolation --wheel-dir wheels . \
    && /opt/office-search/bin/pip install --no-index --no-deps wheels/*.whl \
    && /opt/office-search/bin/pip uninstall --yes pip


FROM python:${PYTHON}
# The run of the figures of apps needs it: the compiled models bring everything else with them.
RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent office-search
COPY --from=build /opt/office-search /opt/office-search
USER 10001:10001
WORKDIR /tmp

# A container's loopback reaches nobody; what is open to whom, its networks and published ports decide.
ENV PATH=/opt/office-search/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OFFICE_SEARCH_API_HOST=0.0.0.0 \
    OFFICE_SEARCH_INDEXER_HOST=0.0.0.0
EXPOSE 8080 8081 8082

HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]

ENTRYPOINT ["office-search"]
CMD ["serve"]
