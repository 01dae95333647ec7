# syntax=docker/dockerfile:1
# One build stage, one small final stage for each program:
#   docker build --target api -t ai-evolution-api .
#   docker build --target worker -t ai-evolution-worker .
#   docker build --target cli -t ai-evolution .

# The toolchain is the one of rust-toolchain.toml, and the Debian release that of the final stages.
FROM rust:1.95.0-bookworm AS build
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --locked --release --package api --package worker --package cli \
    && mkdir -p /out/data \
    && cp target/release/ai-evolution target/release/ai-evolution-api target/release/ai-evolution-worker /out/

# The C library, certificates, and a user without rights; no shell.
FROM gcr.io/distroless/cc-debian12:nonroot AS base
# Where artifacts are unless ARTIFACTS says otherwise; a volume mounted here belongs to the user, too.
COPY --from=build --chown=65532:65532 /out/data /data
WORKDIR /data
USER 65532:65532

FROM base AS api
COPY --from=build /out/ai-evolution-api /usr/local/bin/
# LISTEN keeps its default, which only the container itself reaches: whoever publishes the port decides for whom.
EXPOSE 7890
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
    CMD ["/usr/local/bin/ai-evolution-api", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/ai-evolution-api"]

FROM base AS worker
COPY --from=build /out/ai-evolution-worker /usr/local/bin/
# No port and so no health check: a worker that cannot go on ends, and is started again.
ENTRYPOINT ["/usr/local/bin/ai-evolution-worker"]

FROM base AS cli
COPY --from=build /out/ai-evolution /usr/local/bin/
ENTRYPOINT ["/usr/local/bin/ai-evolution"]
