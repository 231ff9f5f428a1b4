// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
)

// exporterMoby is the exporter of a Docker Engine into its own store.
const exporterMoby = "moby"

// forDocker makes a build one for a Docker Engine's own builder, as buildx does: images go
// to the engine's store, and its images win over those of registries. What an engine
// without containerd's store can't do is refused in buildx's words.
func (j *job) forDocker(p *part) error {
	if p.node.OldStore {
		if err := refuseOldStore(j); err != nil {
			return err
		}
	}
	if _, ok := p.opt.FrontendAttrs["image-resolve-mode"]; !ok {
		p.opt.FrontendAttrs["image-resolve-mode"] = pb.AttrImageResolveModePreferLocal
	}
	if j.call.Request != "" || j.onePlatform {
		return nil
	}
	p.opt.Exports = cloneExports(p.opt.Exports)
	for i := range p.opt.Exports {
		if err := j.exportToDocker(i, &p.opt.Exports[i], p.node.OldStore); err != nil {
			return err
		}
	}
	if len(p.opt.Exports) == 0 && j.noOutput { // as docker build does
		attrs := map[string]string{}
		if j.names != "" { // an empty one is no name to the old store
			attrs["name"] = j.names
		}
		p.opt.Exports = []client.ExportEntry{{Type: exporterMoby, Attrs: attrs}}
		j.warnings = nil
	}
	return nil
}

// exportToDocker changes an image output into one of the engine's store.
func (j *job) exportToDocker(i int, e *client.ExportEntry, oldStore bool) error {
	isLoad := j.exports.loader != nil && j.exports.load == i
	switch {
	case e.Type == client.ExporterOCI && oldStore:
		return notSupported("OCI exporter", "https://docs.docker.com/go/build-exporters/")
	case e.Type == client.ExporterDocker && !isLoad && oldStore:
		return notSupported("Docker exporter", "https://docs.docker.com/go/build-exporters/")
	case e.Type != client.ExporterImage && !isLoad:
		return nil
	}
	if byDigest, _ := strconv.ParseBool(e.Attrs["push-by-digest"]); byDigest && isPush(*e) {
		return cli.Usage(errors.New("push-by-digest is currently not implemented for docker driver, please create a new builder instance"), "")
	}
	if isLoad {
		j.exports.loader = nil
	}
	e.Type, e.Output = exporterMoby, nil
	if !oldStore {
		e.Attrs["prefer-image-digest"] = "true"
	}
	return nil
}

// refuseOldStore refuses what needs containerd's store of images.
func refuseOldStore(j *job) error {
	for _, c := range j.solveOpt.CacheExports {
		if c.Type != "inline" {
			return notSupported("Cache export", "https://docs.docker.com/go/build-cache-backends/")
		}
	}
	for key := range j.solveOpt.FrontendAttrs {
		if strings.HasPrefix(key, "attest:") {
			return notSupported("Attestation", "https://docs.docker.com/go/attestations/")
		}
	}
	if len(j.platforms) > 1 && !j.onePlatform && j.call.Request == "" {
		return notSupported("Multi-platform build", "https://docs.docker.com/go/build-multi-platform/")
	}
	return nil
}

// notSupported is what buildx says of the docker driver.
func notSupported(feature, page string) error {
	return cli.Usage(fmt.Errorf("%s is not supported for the docker driver", feature),
		"Switch to a different driver, or turn on the containerd image store, and try again. Learn more at "+page)
}

// pushByDocker lets docker push what its engine doesn't push while it builds. What it
// pushed gets the digest that the registry has.
func pushByDocker(ctx context.Context, exports []client.ExportEntry, exporter map[string]string) error {
	for _, e := range exports {
		if !isPush(e) {
			continue
		}
		for name := range strings.SplitSeq(e.Attrs["name"], ",") {
			out, err := exec.CommandContext(ctx, "docker", "push", name).CombinedOutput()
			if err != nil {
				return fmt.Errorf("push %s: %w", name, cli.FailedCommand(out, err))
			}
			if digest := pushedDigest(out); digest != "" {
				exporter[exptypes.ExporterImageDigestKey] = digest
			}
		}
	}
	return nil
}

// pushedDigest is the digest in the last line that "docker push" prints: "TAG: digest:
// DIGEST size: SIZE".
func pushedDigest(out []byte) string {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	_, rest, _ := strings.Cut(string(lines[len(lines)-1]), "digest: ")
	digest, _, _ := strings.Cut(rest, " ")
	return digest
}
