// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0
//
//   docker buildx bake                 the binaries, into bin/release
//   docker buildx bake frontend --push the frontend image
//   docker buildx bake validate        what BuildKit has to say of the Dockerfile

variable "IMAGE" {
  default = "strata-build/strata"
}

variable "VERSION" {
  default = "1"
}

group "default" {
  targets = ["cli"]
}

group "release" {
  targets = ["frontend", "cli"]
}

group "validate" {
  targets = ["validate-frontend", "validate-cli"]
}

target "frontend" {
  target    = "frontend"
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = ["${IMAGE}:${VERSION}"]
}

target "cli" {
  target    = "cli"
  platforms = ["linux/amd64", "linux/arm64"]
  output    = ["type=local,dest=bin/release"]
}

target "validate-frontend" {
  target = "frontend"
  call   = "check"
  output = []
}

target "validate-cli" {
  target = "cli"
  call   = "check"
  output = []
}
