FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
# All of it.
COPY . .
RUN CGO_ENABLED=0 go build -o /out/app ./cmd/app
RUN strip /out/app

FROM node:22 AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY src ./src
RUN npm run build

FROM golang:1.26 AS mounted
WORKDIR /work
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=bind,source=go.mod,target=go.mod go mod download
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build --mount=type=bind,target=. go build -o /bin/tool

FROM debian:bookworm
COPY --from=build /out/app /usr/local/bin/
COPY --from=packages /app/dist.js /srv/www/
COPY --from=mounted /bin/tool /usr/local/bin/tool
RUN touch /etc/ready
