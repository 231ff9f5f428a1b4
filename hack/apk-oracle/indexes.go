// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// findModule is the directory of go-apk.
func findModule() (string, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/chainguard-dev/go-apk").Output()
	if err != nil {
		return "", fmt.Errorf("find go-apk: %w", err)
	}
	return strings.TrimSpace(string(dir)), nil
}

// alpineIndexes reads the indexes that come with go-apk's tests: what Alpine
// 3.16 and 3.17 had in main one day.
func alpineIndexes(dir string) ([]*listing, error) {
	var all []*listing
	// The architecture is the one that the packages have.
	for _, release := range [][2]string{{"alpine-316", "x86_64"}, {"alpine-317", "aarch64"}} {
		data, err := os.ReadFile(filepath.Join(dir, "pkg/apk/testdata", release[0], "APKINDEX.tar.gz"))
		if err != nil {
			return nil, err
		}
		text, err := unsigned(data)
		if err != nil {
			return nil, err
		}
		x, err := newListing(text, release[1])
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return all, nil
}

// unsigned reads an index without asking who signed it.
func unsigned(data []byte) (string, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	r := tar.NewReader(z)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return "", errors.New("no APKINDEX")
		}
		if err != nil {
			return "", err
		}
		if h.Name == "APKINDEX" {
			text, err := io.ReadAll(r)
			return string(text), err
		}
	}
}

// generate makes an index up: packages in several versions, with libraries,
// virtual names, priorities, conflicts and install_if.
func generate(r *rand.Rand) string {
	var b strings.Builder
	n := 6 + r.IntN(30)
	name := func() string { return fmt.Sprintf("p%02d", r.IntN(n)) }
	virtual := func() string { return fmt.Sprintf("v%d", r.IntN(4)) }
	version := func() string { return fmt.Sprintf("%d.%d-r%d", 1+r.IntN(2), r.IntN(3), r.IntN(2)) }
	for i := range n {
		for v := range 1 + r.IntN(3) {
			var depends, provides []string
			for range r.IntN(4) {
				switch r.IntN(10) {
				case 0:
					depends = append(depends, name()+">="+version())
				case 1:
					depends = append(depends, name()+"~1")
				case 2:
					depends = append(depends, "so:lib"+name()+".so")
				case 3:
					depends = append(depends, virtual())
				case 4:
					depends = append(depends, "!"+name())
				case 5:
					depends = append(depends, "!"+name()+"<"+version())
				default:
					depends = append(depends, name())
				}
			}
			if i%3 == 0 {
				provides = append(provides, fmt.Sprintf("so:libp%02d.so=%d", i, v))
			}
			if r.IntN(5) == 0 {
				provides = append(provides, virtual()+"="+version())
			}
			sum := make([]byte, 20)
			for j := range sum {
				sum[j] = byte(r.Uint32())
			}
			fmt.Fprintf(&b, "C:Q1%s\nP:p%02d\nV:%d.%d-r%d\nA:x86_64\nS:%d\nI:4096\nT:t\nU:\nL:\no:p%02d\n",
				base64.StdEncoding.EncodeToString(sum), i, 1+v/2, v%2, r.IntN(3), 1000+i, i)
			if r.IntN(4) == 0 {
				fmt.Fprintf(&b, "k:%d\n", 1+r.IntN(20))
			}
			if len(depends) > 0 {
				fmt.Fprintf(&b, "D:%s\n", strings.Join(depends, " "))
			}
			if len(provides) > 0 {
				fmt.Fprintf(&b, "p:%s\n", strings.Join(provides, " "))
			}
			if r.IntN(12) == 0 {
				fmt.Fprintf(&b, "i:%s %s\n", name(), name())
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}
