// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/testenv"
)

func sample() testenv.APK {
	return testenv.APK{
		Name: "jq", Version: "1.6-r2", Arch: "x86_64",
		Info:    []string{"depend = so:libc.musl-x86_64.so.1", "depend = oniguruma>=6", "provides = cmd:jq=1.6-r2", "triggers = /usr/share/jq /etc/jq"},
		Files:   map[string]string{"usr/bin/jq": "#!/bin/sh\n", "usr/bin/jqq": "-> jq", "etc/jq/": ""},
		Scripts: map[string]string{"post-install": "#!/bin/sh\nexit 0\n", "trigger": "#!/bin/sh\n"},
	}
}

func open(t *testing.T, file []byte) *Archive {
	t.Helper()
	a, err := Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestReadsAPackage(t *testing.T) {
	p := sample()
	file, record := testenv.NewAPKKey(t).Build(t, &p)
	a := open(t, file)
	if got := a.Info.Record(a.Checksum, a.Size); got != record {
		t.Errorf("its record is\n%s\nwant\n%s", got, record)
	}
	if len(a.Scripts) != 2 || a.Scripts[0].Name != "post-install" || a.Scripts[1].Name != "trigger" || !strings.Contains(string(a.Scripts[0].Body), "exit 0") {
		t.Errorf("scripts %v", a.Scripts)
	}
	if diff := cmp.Diff([]string{"/usr/share/jq", "/etc/jq"}, a.Info.Triggers); diff != "" {
		t.Error(diff)
	}
	r, err := a.Data()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		sum, err := FileChecksum(h)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, strings.TrimSpace(h.Name+" "+sum))
	}
	want := []string{"etc/", "etc/jq/", "usr/", "usr/bin/", "usr/bin/jq " + control.Q1([]byte("#!/bin/sh\n")), "usr/bin/jqq " + control.Q1([]byte("jq"))}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

// Whatever byte changes, the package is no longer the one of the index, or no
// longer one at all; and one that is cut is never taken for whole.
func TestNoticesEveryChange(t *testing.T) {
	p := sample()
	key := testenv.NewAPKKey(t)
	file, _ := key.Build(t, &p)
	want := open(t, file).Checksum
	good := func(file []byte) bool {
		a, err := Open(bytes.NewReader(file), int64(len(file)))
		if err != nil || a.Checksum != want {
			return false
		}
		r, err := a.Data()
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		return err == nil
	}
	if !good(file) {
		t.Fatal("the package isn't good to begin with")
	}
	_, after, err := ReadMember(bytes.NewReader(file), 0, int64(len(file)), MaxControl)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(file) {
		if good(file[:n]) {
			t.Errorf("cut to %d of %d bytes it is good", n, len(file))
		}
		if n < int(after) {
			continue // signatures of a package aren't looked at
		}
		changed := bytes.Clone(file)
		changed[n] ^= 0x01
		if good(changed) {
			t.Errorf("with byte %d changed it is good", n)
		}
	}
}

func TestRefusesWhatIsNoPackage(t *testing.T) {
	key := testenv.NewAPKKey(t)
	for name, file := range map[string][]byte{
		"empty": nil, "text": []byte("hello, world"), "format 3": []byte("ADB.pckg and more"), "gzip of nothing": {0x1f, 0x8b, 8, 0},
		"an index": key.Index(t, "C:Q1\n"),
	} {
		if _, err := Open(bytes.NewReader(file), int64(len(file))); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
