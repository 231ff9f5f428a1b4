// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/strata-build/strata/internal/testenv"
)

// TestMemory sends a layer of 100 MB everywhere. No verb ever holds it as a whole.
func TestMemory(t *testing.T) {
	const size, most = 100 << 20, 80_000_000
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{5}).Read(data)
	tar := testenv.Tar(t, []testenv.Entry{{Path: "noise", Data: data}})
	image, err := mutate.AppendLayers(testenv.Image(t, "amd64", v1.Config{}), static.NewLayer(tar, types.OCIUncompressedLayer))
	if err != nil {
		t.Fatal(err)
	}
	registry, dir, cli := testenv.NewRegistry(t, testenv.RegistryOptions{}), testenv.Dir(t), testenv.Strata(t)
	ref := registry.Push(t, "large:1", image)
	for _, words := range []string{
		"copy --progress=quiet REF oci:DIR/layout:1",
		"copy --progress=quiet oci:DIR/layout:1 HOST/again:1",
		"copy --progress=quiet REF oci-archive:DIR/oci.tar:1",
		"copy --progress=quiet REF docker-archive:DIR/docker.tar:app:1",
		"copy --progress=quiet docker-archive:DIR/docker.tar:app:1 HOST/third:1",
		"export oci:DIR/layout -o DIR/root",
		"export oci-archive:DIR/oci.tar -o type=erofs,dest=DIR/erofs",
		"inspect --digests REF",
	} {
		args := strings.Fields(strings.NewReplacer("REF", ref, "DIR", dir, "HOST", registry.Host).Replace(words))
		cmd := cli.Command(args...)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		peak, err := runAndWatch(cmd)
		if err != nil || peak == 0 || peak > most {
			t.Errorf("%s: it took %d MB of memory, want at most %d; %v\n%s", words, peak/1_000_000, most/1_000_000, err, &said)
		}
	}
	testenv.Output(t, "umoci", "unpack", "--image", filepath.Join(dir, "layout")+":1", filepath.Join(dir, "bundle"))
	testenv.Output(t, "cmp", filepath.Join(dir, "bundle/rootfs/noise"), filepath.Join(dir, "root/noise"))
	if got, want := registry.Descriptor(t, "again:1").Digest, registry.Descriptor(t, "large:1").Digest; got != want {
		t.Errorf("again:1 has the digest %s, want %s", got, want)
	}
	// What comes out of a docker archive is compressed for a registry: another manifest
	// of the same image.
	config := func(name string) string {
		return testenv.Output(t, "crane", "config", "--insecure", registry.Host+"/"+name)
	}
	if got, want := config("third:1"), config("large:1"); got != want {
		t.Errorf("third:1 has the configuration %s, want %s", got, want)
	}
}
