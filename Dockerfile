# docker build -t gslb . && docker run --init -v ./gslb.yaml:/etc/gslb/gslb.yaml:ro -p 53:53/udp -p 53:53/tcp -p 80:80 gslb
#
# The builder turns the locked requirements and the project into one virtual environment; the final image has that,
# Python, and nothing that compiles or downloads.

FROM python:3.11-slim-bookworm AS builder

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src

# Requirements first: they change less often than the code.
COPY requirements-build.lock requirements.lock ./
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --quiet --require-hashes --no-deps -r requirements-build.lock \
    && python -m venv /opt/gslb \
    && /opt/gslb/bin/pip install --quiet --require-hashes --no-deps -r requirements.lock

COPY pyproject.toml README.md LICENSE NOTICE ./
COPY gslb gslb
COPY probes probes
RUN /opt/build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /dist . \
    && /opt/gslb/bin/pip install --quiet --no-deps --no-index /dist/*.whl \
    && /opt/gslb/bin/pip uninstall --quiet --yes pip setuptools


FROM python:3.11-slim-bookworm

RUN useradd --system --uid 953 --user-group --home-dir /var/lib/gslb --shell /usr/sbin/nologin gslb \
    && install -d -o gslb -g gslb /var/lib/gslb \
    && install -d /etc/gslb

COPY --from=builder /opt/gslb /opt/gslb
COPY config /usr/share/gslb/config
COPY LICENSE NOTICE /usr/share/doc/gslb/

# The default of `state_dir` is below XDG_STATE_HOME: /var/lib/gslb.
ENV PATH=/opt/gslb/bin:$PATH PYTHONUNBUFFERED=1 XDG_STATE_HOME=/var/lib \
    GSLB_HEALTH_URL=http://127.0.0.1:8053/healthz

# Docker lets anybody in a container bind low ports (net.ipv4.ip_unprivileged_port_start=0). Where the engine does
# not, give the container CAP_NET_BIND_SERVICE, or let it listen above 1024 and map the ports.
USER gslb
VOLUME /var/lib/gslb
EXPOSE 53/udp 53/tcp 80/tcp 8053/tcp

# GSLB_HEALTH_URL follows `listen.admin` of the configuration.
HEALTHCHECK --interval=10s --timeout=4s --start-period=15s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(os.environ['GSLB_HEALTH_URL'], timeout=3)"]

ENTRYPOINT ["gslb"]
CMD ["serve", "--config", "/etc/gslb/gslb.yaml"]
