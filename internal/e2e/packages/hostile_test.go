// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"archive/tar"
	"bytes"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// withMembers puts other files into a package that dpkg-deb made: of its members, in
// the format of ar(5), the last one is replaced.
func withMembers(t *testing.T, file string, headers ...tar.Header) {
	t.Helper()
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	for _, h := range headers {
		h.Mode = 0o755
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	deb := house.Read(t, file)
	end := len("!<arch>\n")
	for range 2 { // debian-binary and control.tar
		size, err := strconv.Atoi(strings.TrimSpace(deb[end+48 : end+58]))
		if err != nil {
			t.Fatal(err)
		}
		end += 60 + size + size%2
	}
	house.Write(t, file, fmt.Appendf([]byte(deb[:end]), "%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", "data.tar", 0, 0, 0, "100644", files.Len(), files.Bytes()))
}

// TestHostilePackages builds by archives that are signed as they should be, whose
// packages want out of the root or at its devices.
func TestHostilePackages(t *testing.T) {
	h := house.New(t)
	for _, tc := range []struct {
		name    string
		headers []tar.Header
		want    string
	}{
		{"up", []tar.Header{{Name: "./usr/../../etc/passwd"}}, "leads out of the root"},
		{"absolute", []tar.Header{{Name: "/etc/passwd"}}, "is absolute"},
		{"link", []tar.Header{{Name: "./usr/x", Typeflag: tar.TypeSymlink, Linkname: "/etc"}, {Name: "./usr/x/passwd"}}, "the package itself has /usr/x as a link"},
		{"device", []tar.Header{{Name: "./dev/mem", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 1}}, "device node"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := testenv.NewDebArchive(t, testenv.Deb{Name: "evil", Version: "1"})
			withMembers(t, filepath.Join(a.Dir, "pool/main/evil/evil_1_all.deb"), tc.headers...)
			a.Index(t)
			dir := h.PackagesProject(t, a, "evil")
			h.Each(t, func(t *testing.T, w house.Way) {
				out, err := w.Build(house.Flags(dir, "--build-arg", "MIRROR="+a.URL, "-o", h.Pushed("hostile-"+tc.name+":1"))...)
				if err == nil {
					t.Error("it is not an error")
				}
				house.Contains(t, out, ":4:5: ", "unpack package evil 1: ", tc.want)
			})
		})
	}
	if tags := testenv.Output(t, "crane", "catalog", "--insecure", h.Registry.Host); strings.Contains(tags, "hostile-") {
		t.Errorf("something was pushed:\n%s", tags)
	}
}

// TestHostileAPKOnABase does so with packages of Alpine on a base, in which links lead
// where the files go.
func TestHostileAPKOnABase(t *testing.T) {
	h := house.New(t)
	for _, tc := range []struct {
		name, file string
		header     func(*tar.Header)
		want       string
	}{
		{"up", "usr/x", func(h *tar.Header) { h.Name = "usr/../../etc/passwd" }, "leads out of the root"},
		{"absolute", "usr/x", func(h *tar.Header) { h.Name = "/etc/passwd" }, "/etc/passwd"},
		{"device", "usr/x", func(h *tar.Header) { h.Typeflag, h.Size, h.Devmajor, h.Devminor = tar.TypeChar, 0, 1, 1 }, "device"},
		{"deletion", "usr/.wh.bin", nil, ".wh."},
		{"large owner", "usr/x", func(h *tar.Header) { h.Uid = 1 << 33 }, "owner"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := testenv.APK{Name: "evil", Version: "1-r0", Files: map[string]string{tc.file: ""}}
			if tc.header != nil {
				p.Headers = map[string]func(*tar.Header){tc.file: tc.header}
			}
			a := testenv.NewAPKArchive(t, p)
			dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+apkBase(t, h, a)+"\nlayers:\n  - packages: [evil]\n")
			h.Each(t, func(t *testing.T, w house.Way) {
				out, err := w.Build(house.Flags(dir, "--platform=linux/amd64", "-o", h.Pushed("hostile-apk-"+strings.ReplaceAll(tc.name, " ", "-")+":1"))...)
				if err == nil {
					t.Error("it is not an error")
				}
				house.Contains(t, out, ":4:", "evil", tc.want)
			})
		})
	}
	if tags := testenv.Output(t, "crane", "catalog", "--insecure", h.Registry.Host); strings.Contains(tags, "hostile-apk") {
		t.Errorf("something was pushed:\n%s", tags)
	}
}
