# The server as a container image: docker compose builds and runs it.

FROM rust:1.95-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpq-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# Without default features the server uses Debian's libpq, which speaks TLS, and not the one it brings.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --no-default-features \
    && install -D target/release/likejewijk /image/usr/local/bin/likejewijk \
    && install -D deploy/healthcheck /image/usr/local/bin/healthcheck \
    && install -D -m 644 LICENSE /image/usr/share/doc/likejewijk/LICENSE \
    && install -d -m 700 -o 10001 -g 10001 /image/data

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="LikeJeWijk" \
      org.opencontainers.image.description="The channel of a Dutch neighbourhood, on the fediverse" \
      org.opencontainers.image.licenses="AGPL-3.0-or-later"
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libpq5 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 likejewijk \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin likejewijk
COPY --from=build /image /

# Nothing but /data is ever written, so the rest may be mounted read-only.
ENV LIKEJEWIJK_LISTEN=0.0.0.0:8080 \
    LIKEJEWIJK_DATA=/data
VOLUME /data
WORKDIR /data
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["healthcheck"]
ENTRYPOINT ["likejewijk"]
CMD ["serve"]
