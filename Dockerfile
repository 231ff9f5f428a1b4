# SPDX-FileCopyrightText: The Strata authors
# SPDX-License-Identifier: Apache-2.0
#
# Targets: frontend (the image for "# syntax=") and cli (the binaries alone, for
# --output). Everything is compiled on the build platform. docker-bake.hcl has
# the platforms.
ARG GO_VERSION=1.26

FROM --platform=$BUILDPLATFORM golang:${GO_VERSION} AS source
WORKDIR /src
ENV CGO_ENABLED=0
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .

# The step helper's bytes are part of the cache key of the steps that use it: the
# flags are such that they depend on its source alone.
FROM source AS step
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    for arch in amd64 arm64; do \
      GOOS=linux GOARCH=$arch go build -trimpath -buildvcs=false -ldflags="-s -w -buildid=" \
        -o /out/strata-step-$arch ./cmd/strata-step || exit 1; \
    done

FROM source AS frontend-build
ARG TARGETOS TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    GOOS=$TARGETOS GOARCH=$TARGETARCH go build -tags=grpcnotrace -trimpath -buildvcs=false -ldflags="-s -w -buildid=" \
      -o /out/strata-frontend ./cmd/strata-frontend

FROM source AS cli-build
ARG TARGETOS TARGETARCH
COPY --from=step /out/ internal/helper/bundle/bin/
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    GOOS=$TARGETOS GOARCH=$TARGETARCH go build -tags=release,grpcnotrace -trimpath -buildvcs=false -ldflags="-s -w -buildid=" \
      -o /out/strata ./cmd/strata

FROM scratch AS cli
COPY --from=cli-build /out/strata /strata

FROM scratch AS frontend
LABEL moby.buildkit.frontend.network.none="true"
LABEL moby.buildkit.frontend.caps="moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts,moby.buildkit.frontend.gitquerystring"
COPY --from=step /out/ /
COPY --from=frontend-build /out/strata-frontend /bin/strata-frontend
ENTRYPOINT ["/bin/strata-frontend"]
