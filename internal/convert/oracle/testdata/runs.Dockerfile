FROM golang AS gen
FROM golang
WORKDIR /src
RUN --mount=type=cache,target=/root/.cache/go-build --mount=type=cache,id=mod,target=/go/pkg/mod,sharing=locked,uid=1000,mode=0700 go build
RUN --mount=target=. --mount=type=bind,from=gen,source=/x,target=/x,rw --mount=from=alpine,target=/alpine ls
RUN --mount=type=tmpfs,target=/tmp,size=64m \
    --mount=type=secret,id=token,required \
    --mount=type=secret,id=key,env=KEY \
    --mount=type=secret,id=a/b,target=/b,mode=0444 \
    --mount=type=ssh \
    make
RUN --network=none --security=insecure true
RUN --device=vendor.com/gpu=all,required=false --network=host true
USER app
RUN --mount=type=cache,target=.cache --mount=type=secret,id=x,uid=1000 --mount=type=ssh,id=y,mode=0666 true
RUN a; b || c
RUN set -eux; \
    a; \
    # why b
    b \
        --one \
        --two \
    ; \
    c
RUN a && \
    # why b
    b && c
RUN a \
    # why one
    --one \
 && b
RUN if a; then b; fi && echo $out
RUN <<EOF
a
b
EOF
RUN <<EOF
#!/usr/bin/env python3
print("x")
EOF
RUN cat <<A >/a && cat <<'B' >/b
a $HOME
A
b
B
RUN ["/bin/echo", "$HOME", "$$"]
