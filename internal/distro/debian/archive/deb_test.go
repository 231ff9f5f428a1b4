// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// archive makes an ar archive of names and contents, in turn.
func archive(parts ...string) string {
	var b strings.Builder
	b.WriteString(arMagic)
	for i := 0; i < len(parts); i += 2 {
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", parts[i], 0, 0, 0, "100644", len(parts[i+1]), parts[i+1])
		if len(parts[i+1])%2 == 1 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// tarball makes a tar archive of files, by name and content in turn.
func tarball(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		h := &tar.Header{Name: files[i], Mode: 0o644, Size: int64(len(files[i+1])), Typeflag: tar.TypeReg}
		if strings.HasSuffix(files[i], "/") {
			h.Typeflag, h.Size = tar.TypeDir, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const controlText = "Package: hello\nVersion: 1:2.0~rc1-3\nArchitecture: amd64\nInstalled-Size: 12\nDescription: greets\n the world\n"

// read opens a package, and reads it whole.
func read(data string) (*Control, error) {
	r := strings.NewReader(data)
	a, err := Open(r, r.Size())
	if err != nil {
		return nil, err
	}
	c, err := a.Control()
	if err != nil {
		return nil, err
	}
	files, err := a.Data()
	if err != nil {
		return nil, err
	}
	defer files.Close()
	_, err = io.Copy(io.Discard, files)
	return c, err
}

func TestReadsWhatDpkgDebMakes(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "root/DEBIAN"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"DEBIAN/control": controlText[:strings.Index(controlText, "Desc")] + "Maintainer: nobody <nobody@example.org>\n" + controlText[strings.Index(controlText, "Desc"):], "DEBIAN/conffiles": "/hello.conf\n", "hello.conf": "x\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, "root", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, format := range []string{"none", "gzip", "xz", "zstd"} {
		file := filepath.Join(dir, format+".deb")
		if out, err := exec.Command("dpkg-deb", "-Z"+format, "--uniform-compression", "--build", filepath.Join(dir, "root"), file).CombinedOutput(); err != nil {
			t.Fatalf("dpkg-deb: %v\n%s", err, out)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := read(string(data))
		if err != nil {
			t.Errorf("%s: %v", format, err)
			continue
		}
		if c.Fields.Get("package") != "hello" || c.InstalledSize() != 12<<10 || string(c.File("conffiles")) != "/hello.conf\n" || c.InfoName() != "hello" {
			t.Errorf("%s: read %+v", format, c)
		}
	}
}

// TestReadsWhatDpkgReads reads packages that dpkg-deb doesn't make and takes.
func TestReadsWhatDpkgReads(t *testing.T) {
	files := tarball(t, "./usr/", "", "./usr/x", strings.Repeat("text\n", 1000))
	good := tarball(t, "./control", controlText+"Maintainer: nobody <nobody@example.org>\n")
	filter := func(argv ...string) string {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Stdin = strings.NewReader(files)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%q: %v", argv, err)
		}
		return string(out)
	}
	for name, data := range map[string]string{
		"bzip2":              archive("debian-binary", "2.0\n", "control.tar", good, "data.tar.bz2", filter("bzip2")),
		"lzma":               archive("debian-binary", "2.0\n", "control.tar", good, "data.tar.lzma", filter("xz", "--format=lzma", "-9")),
		"a window of 128 MB": archive("debian-binary", "2.0\n", "control.tar", good, "data.tar.zst", filter("zstd", "--ultra", "-22", "--long=27", "-q")),
		"members behind":     archive("debian-binary", "2.0\n", "control.tar", good, "data.tar", files, "_gpgbuilder", "x", "extra", "x"),
		"a newline behind":   archive("debian-binary", "2.0\n", "control.tar", good, "data.tar", files) + "\n",
	} {
		file := filepath.Join(t.TempDir(), "x.deb")
		if err := os.WriteFile(file, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("dpkg-deb", "--contents", file).CombinedOutput(); err != nil || !strings.Contains(string(out), "./usr/x") {
			t.Errorf("%s: dpkg-deb: %v\n%s", name, err, out)
		}
		if _, err := read(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefusesWhatIsNoPackage(t *testing.T) {
	good, files := tarball(t, "./", "", "./control", controlText), tarball(t)
	huge := strings.Repeat("x", maxControl)
	for name, data := range map[string]string{
		"nothing":                "",
		"other magic":            "!<thin>\n",
		"no member":              arMagic,
		"cut header":             archive("debian-binary", "2.0\n")[:40],
		"cut member":             strings.TrimSuffix(archive("debian-binary", "2.0\n", "control.tar", good, "data.tar", files), "\x00"),
		"wrong version":          archive("debian-binary", "3.0\n", "control.tar", good, "data.tar", files),
		"version comes later":    archive("control.tar", good, "debian-binary", "2.0\n", "data.tar", files),
		"two controls":           archive("debian-binary", "2.0\n", "control.tar", good, "control.tar.gz", good, "data.tar", files),
		"files first":            archive("debian-binary", "2.0\n", "data.tar", files, "control.tar", good),
		"no control":             archive("debian-binary", "2.0\n", "data.tar", files),
		"no files":               archive("debian-binary", "2.0\n", "control.tar", good),
		"another member":         archive("debian-binary", "2.0\n", "control.tar", good, "evil", "x", "data.tar", files),
		"bzip2 for control":      archive("debian-binary", "2.0\n", "control.tar.bz2", good, "data.tar", files),
		"lzma for control":       archive("debian-binary", "2.0\n", "control.tar.lzma", good, "data.tar", files),
		"unknown compression":    archive("debian-binary", "2.0\n", "control.tar", good, "data.tar.lz4", files),
		"member without name":    archive("debian-binary", "2.0\n", "", "x"),
		"too many members":       archive(append([]string{"debian-binary", "2.0\n"}, strings.Split(strings.Repeat("_x,,", 20)+"_y,", ",")...)...),
		"control is a directory": archive("debian-binary", "2.0\n", "control.tar", tarball(t, "./control/", ""), "data.tar", files),
		"control is twice":       archive("debian-binary", "2.0\n", "control.tar", tarball(t, "./control", controlText, "control", controlText), "data.tar", files),
		"control leads out":      archive("debian-binary", "2.0\n", "control.tar", tarball(t, "./control", controlText, "../x", ""), "data.tar", files),
		"a list of its own":      archive("debian-binary", "2.0\n", "control.tar", tarball(t, "./control", controlText, "./list", ""), "data.tar", files),
		"a package ../x":         archive("debian-binary", "2.0\n", "control.tar", tarball(t, "./control", strings.Replace(controlText, "hello", "../x", 1)), "data.tar", files),
		"an architecture a/b":    archive("debian-binary", "2.0\n", "control.tar", tarball(t, "./control", strings.Replace(controlText, "amd64", "a/b", 1)), "data.tar", files),
		"no version":             archive("debian-binary", "2.0\n", "control.tar", tarball(t, "./control", strings.Replace(controlText, "Version", "Virgin", 1)), "data.tar", files),
		"a field twice":          archive("debian-binary", "2.0\n", "control.tar", tarball(t, "./control", controlText+"package: evil\n"), "data.tar", files),
		"an endless control":     archive("debian-binary", "2.0\n", "control.tar", tarball(t, "./control", controlText, "./templates", huge), "data.tar", files),
		"files that are no xz":   archive("debian-binary", "2.0\n", "control.tar", good, "data.tar.xz", files),
	} {
		if c, err := read(data); err == nil {
			t.Errorf("%s: read %+v", name, c)
		}
	}
	if _, err := read(archive("debian-binary", "2.0\n", "_gpgorigin", "x", "control.tar", good, "data.tar", files)); err != nil {
		t.Errorf("with a signature: %v", err)
	}
}

func TestPathsInMergedDirs(t *testing.T) {
	for _, c := range []struct {
		path      string
		directory bool
		want      string
	}{
		{"/bin/sh", false, "/usr/bin/sh"},
		{"/lib", true, "/usr/lib"},
		{"/lib", false, "/lib"},
		{"/lib64/x", false, "/usr/lib64/x"},
		{"/library/x", false, "/library/x"},
		{"/usr/bin/x", false, "/usr/bin/x"},
		{"/", true, "/"},
	} {
		if got := UsrPath(c.path, c.directory); got != c.want {
			t.Errorf("UsrPath(%q, %v) = %q, want %q", c.path, c.directory, got, c.want)
		}
	}
}

// FuzzOpen looks for packages that make reading panic, hang or give what no file
// can be called.
func FuzzOpen(f *testing.F) {
	f.Add([]byte(archive("debian-binary", "2.0\n", "control.tar", tarball(f, "./control", controlText), "data.tar", tarball(f))))
	f.Add([]byte(archive("debian-binary/", "2.0\n", "_x", "y", "control.tar.gz", "x", "data.tar.zst", "x")))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := read(string(data))
		if err != nil {
			return
		}
		for _, field := range []string{"Package", "Version", "Architecture"} {
			if v := c.Fields.Get(field); v == "" || strings.ContainsAny(v, "/\n\x00 ") {
				t.Errorf("field %s is %q", field, v)
			}
		}
	})
}
