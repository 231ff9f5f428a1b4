# SPDX-FileCopyrightText: The Strata authors
# SPDX-License-Identifier: Apache-2.0
#
# Targets: frontend (the image for "# syntax="), cli (the command line of one
# platform, for --output) and pages (manual pages and completions). Everything is
# compiled on the build platform. docker-bake.hcl has the platforms, hack/compile the
# flags.
#
# Go's version is exact, and that of go.mod: the same sources give the same bytes.
ARG GO_VERSION=1.26.8

FROM --platform=$BUILDPLATFORM golang:${GO_VERSION} AS source
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .

FROM source AS step
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    hack/compile step /out

FROM source AS frontend-build
ARG TARGETOS TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    GOOS=$TARGETOS GOARCH=$TARGETARCH hack/compile frontend /out

# For macOS and Windows it comes without the engine, which needs Linux.
FROM source AS cli-build
ARG TARGETOS TARGETARCH VERSION
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    GOOS=$TARGETOS GOARCH=$TARGETARCH VERSION=$VERSION hack/compile cli /out

FROM source AS pages-build
ARG VERSION SOURCE_DATE_EPOCH
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    VERSION=$VERSION hack/compile cli /tmp && SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH hack/pages /tmp/strata /out

FROM scratch AS pages
COPY --from=pages-build /out/ /

FROM scratch AS cli
COPY --from=cli-build /out/ /

FROM scratch AS frontend
LABEL moby.buildkit.frontend.network.none="true"
LABEL moby.buildkit.frontend.caps="moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts,moby.buildkit.frontend.gitquerystring,moby.buildkit.frontend.contexts.zstd"
ARG VERSION
LABEL org.opencontainers.image.title="Strata" org.opencontainers.image.licenses="Apache-2.0" org.opencontainers.image.version="$VERSION"
COPY --from=step /out/ /
COPY --from=frontend-build /out/strata-frontend /bin/strata-frontend
ENTRYPOINT ["/bin/strata-frontend"]
