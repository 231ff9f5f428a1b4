# syntax=docker/dockerfile:1
# check=skip=JSONArgsRecommended
FROM debian:bookworm AS base
MAINTAINER Ann <ann@example.org>
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ENV LANG C.UTF-8
ENV PATH=/opt/bin:$PATH \
    # where the data is
    DATA=/var/lib/data
WORKDIR /srv
WORKDIR app
RUN find . | sort
USER app:app
WORKDIR /home/app/work
COPY --link a.txt b.txt /opt/linked/
RUN ["printenv", "$HOME"]
ONBUILD RUN echo built
ONBUILD COPY . .

# The image itself.
FROM base
EXPOSE 80 443/tcp 53/udp 8000-8002 127.0.0.1:81:82
VOLUME ["/var/lib/data", "$DATA/more"]
STOPSIGNAL SIGQUIT
LABEL a=b "c d"="e f"
# How it is probed.
HEALTHCHECK --interval=1m --timeout=3s --start-period=1m30s --start-interval=5s --retries=5 CMD curl -f localhost
ENTRYPOINT ["/entry"]
CMD serve "$DATA"
USER 1000
