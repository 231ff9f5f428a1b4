# The version of the base.
ARG VERSION=3.20
ARG SUFFIX
FROM --platform=$BUILDPLATFORM alpine:${VERSION}${SUFFIX:+-$SUFFIX} AS build
# Where it comes from.
ARG MIRROR=https://example.org
ARG TARGETARCH TARGETOS
ARG VERSION
ARG MODE=fast
ENV URL=$MIRROR/v$VERSION/${MODE:-slow} PLAIN="a b" QUOTED='$MODE'
RUN wget $URL/$TARGETARCH
RUN echo $VERSION $LATER
ARG LATER
RUN make
ENV MODE=$MODE
RUN echo $MODE
COPY --chown=$LATER app-${VERSION%.*}.tar /opt/$MODE/

FROM alpine:$VERSION
ARG MODE=slow
RUN echo $MODE $VERSION
LABEL mode="$MODE" version=${VERSION:-none} dollar=\$MODE
COPY --from=build /usr/bin/x /usr/bin/
COPY <<EOF /etc/mode
the mode is $MODE, \$MODE as it stands
EOF
COPY <<'EOF' /etc/plain
$MODE
EOF
