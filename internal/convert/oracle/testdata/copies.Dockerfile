FROM alpine AS tools
FROM debian
WORKDIR /app
COPY . .
COPY src lib ./
COPY package*.json yarn.lock* ./
COPY --chown=1000:1000 --chmod=750 run.sh /usr/local/bin
COPY --chmod=u+x,go-w run.sh /usr/local/bin/run
COPY --from=tools /bin/busybox /bin/
COPY --from=0 --chown=root /bin/a /bin/b /opt/tools/
COPY --from=nginx:1.27 /etc/nginx /etc/nginx
COPY --parents x/y/*.go ./z/./w /src/
COPY --exclude=*.md --exclude=docs . /src
ADD data.tar.gz /data
ADD --unpack=false e.tar /e
COPY <<one <<two /here/
first
one
second
two
