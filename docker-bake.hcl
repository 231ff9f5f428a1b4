// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0
//
//   docker buildx bake                 the command line, into bin/release
//   docker buildx bake frontend --push the frontend image
//   docker buildx bake validate        what BuildKit has to say of the Dockerfile
//
// hack/release makes a release of it: it says VERSION and SOURCE_DATE_EPOCH.

variable "IMAGE" {
  default = "strata-build/strata"
}

variable "VERSION" {
  default = "dev"
}

variable "SOURCE_DATE_EPOCH" {
  default = "0"
}

// SCANNER writes the documents of what is in the image and the programs.
variable "SCANNER" {
  default = "docker/buildkit-syft-scanner:stable-1"
}

// A release has the tags 1.2.3, 1.2 and 1; a candidate and others have one.
function "tags" {
  params = [version]
  result = can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+$", version)) ? [
    "${IMAGE}:${version}",
    "${IMAGE}:${regex("^[0-9]+\\.[0-9]+", version)}",
    "${IMAGE}:${regex("^[0-9]+", version)}",
  ] : ["${IMAGE}:${version}"]
}

group "default" {
  targets = ["cli"]
}

group "release" {
  targets = ["frontend", "cli", "pages"]
}

group "validate" {
  targets = ["validate-frontend", "validate-cli", "validate-pages"]
}

target "stamped" {
  args = {
    VERSION           = VERSION
    SOURCE_DATE_EPOCH = SOURCE_DATE_EPOCH
  }
}

// What has no version is for its maker alone, and needs no scanner.
target "attested" {
  attest = VERSION == "dev" ? [] : ["type=provenance,mode=max", "type=sbom,generator=${SCANNER}"]
}

target "frontend" {
  inherits  = ["stamped", "attested"]
  target    = "frontend"
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = tags(VERSION)
  output    = ["type=image,oci-mediatypes=true,rewrite-timestamp=true"]
}

target "cli" {
  inherits  = ["stamped", "attested"]
  target    = "cli"
  platforms = ["linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"]
  output    = ["type=local,dest=bin/release"]
}

target "pages" {
  inherits = ["stamped"]
  target   = "pages"
  output   = ["type=local,dest=bin/release/pages"]
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

target "validate-pages" {
  target = "pages"
  call   = "check"
  output = []
}
