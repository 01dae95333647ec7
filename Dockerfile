# syntax=docker/dockerfile:1
# One build stage, one small final stage for each program:
#   docker build --target api -t ai-evolution-api .
#   docker build --target worker -t ai-evolution-worker .
#   docker build --target cli -t ai-evolution .

# The toolchain is the one of rust-toolchain.toml, and the Debian release that of the final stages. Other images in their
# places are for machines that reach no registry (.ci/deploy/image).
ARG TOOLCHAIN=rust:1.95.0-bookworm
ARG BASE=gcr.io/distroless/cc-debian12:nonroot

FROM ${TOOLCHAIN} AS build
# A folder of the build's context with the programs, where they are compiled already.
ARG COMPILED=""
WORKDIR /source
COPY . .
# Without symbols: a third smaller.
ENV CARGO_PROFILE_RELEASE_STRIP=symbols
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    if [ -z "$COMPILED" ]; then cargo build --locked --release --package api --package worker --package cli; fi \
    && mkdir -p /out/data \
    && cd "${COMPILED:-target/release}" \
    && cp ai-evolution ai-evolution-api ai-evolution-worker /out/

# The C library, certificates, and a user without rights; no shell.
FROM ${BASE} AS base
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
# Where its metrics and its health are told: to the container itself, unless it is told otherwise.
ENV METRICS_LISTEN=127.0.0.1:9090
EXPOSE 9090
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
    CMD ["/usr/local/bin/ai-evolution-worker", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/ai-evolution-worker"]

FROM base AS cli
COPY --from=build /out/ai-evolution /usr/local/bin/
ENTRYPOINT ["/usr/local/bin/ai-evolution"]
