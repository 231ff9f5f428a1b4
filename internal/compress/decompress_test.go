// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package compress

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
)

// read returns what Reader gives for data.
func read(data []byte, format string) (string, error) {
	r, err := Reader(iotest.OneByteReader(bytes.NewReader(data)), format)
	if err != nil {
		return "", err
	}
	defer r.Close()
	out, err := io.ReadAll(r)
	return string(out), err
}

// samples are files in testdata that hold the text.
func samples(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/text*.*")
	if err != nil || len(files) < 7 {
		t.Fatalf("find samples: %v, %v", files, err)
	}
	formats := map[string]string{}
	for _, file := range files {
		formats[file] = filepath.Ext(file)[1:]
	}
	return formats
}

func load(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestReadsEveryFormatByNameAndByItsStart(t *testing.T) {
	want := string(load(t, "testdata/text"))
	for file, format := range samples(t) {
		data := load(t, file)
		for _, name := range []string{format, ""} {
			if got, err := read(data, name); err != nil || got != want {
				t.Errorf("%s as %q: %q, %v", file, name, got, err)
			}
		}
		if got, err := read(append(bytes.Clone(data), data...), format); err != nil || got != want+want {
			t.Errorf("two streams of %s in a row: %q, %v", file, got, err)
		}
	}
	for _, plain := range []string{"", "x", want} {
		for _, name := range []string{None, ""} {
			if got, err := read([]byte(plain), name); err != nil || got != plain {
				t.Errorf("plain %q as %q: %q, %v", plain, name, got, err)
			}
		}
	}
}

func TestRefusesWhatIsNotOneWholeStream(t *testing.T) {
	want := string(load(t, "testdata/text"))
	for file, format := range samples(t) {
		data := load(t, file)
		for n := range data {
			if got, err := read(data[:n], format); err == nil {
				t.Errorf("%s cut to %d of %d bytes gives %q and no error", file, n, len(data), got)
			}
		}
		if _, err := read(append(bytes.Clone(data), "junk"...), format); err == nil {
			t.Errorf("%s with bytes after its end gives no error", file)
		}
		for i := range data {
			changed := bytes.Clone(data)
			changed[i] ^= 0x10
			got, err := read(changed, format)
			if err == nil && got != want {
				// A stream without a checksum can't tell.
				if file != "testdata/text-none.xz" {
					t.Errorf("%s with byte %d changed gives %q and no error", file, i, got)
				}
			}
			if err != nil && !strings.HasPrefix(err.Error(), "decompress "+format+": ") {
				t.Errorf("%s with byte %d changed: error %q doesn't say what failed", file, i, err)
			}
		}
	}
}

// TestLzma reads what xz writes in the format before its own, and no part of it.
func TestLzma(t *testing.T) {
	want := strings.Repeat(string(load(t, "testdata/text")), 100)
	cmd := exec.CommandContext(t.Context(), "xz", "--format=lzma", "-9")
	cmd.Stdin = strings.NewReader(want)
	data, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read(data, Lzma); err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
	for n := range data {
		if _, err := read(data[:n], Lzma); err == nil {
			t.Errorf("cut to %d of %d bytes there is no error", n, len(data))
		}
	}
	large := bytes.Clone(data)
	large[4] = 0x10 // 256 MiB to look back at
	for what, data := range map[string][]byte{"bytes after its end": append(bytes.Clone(data), 'x'), "too large a window": large, "xz": load(t, "testdata/text.xz")} {
		if _, err := read(data, Lzma); err == nil || !strings.HasPrefix(err.Error(), "decompress lzma: ") {
			t.Errorf("%s: error %v", what, err)
		}
	}
}

// An opener is as good after any stream as a new one: after a whole one, one that was
// left in the middle, one that is broken, and one that is none.
func TestOpenerAgain(t *testing.T) {
	want := string(load(t, "testdata/text"))
	var all Opener
	again := func(after string) {
		for file, format := range samples(t) {
			r, err := all.Reader(bytes.NewReader(load(t, file)), format)
			if err != nil {
				t.Fatalf("%s after %s: %v", file, after, err)
			}
			if got, err := io.ReadAll(r); err != nil || string(got) != want {
				t.Errorf("%s after %s: %q, %v", file, after, got, err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	again("nothing")
	again("whole streams")
	for file, format := range samples(t) {
		data := load(t, file)
		broken := bytes.Clone(data)
		broken[len(broken)/2] ^= 0x55
		for what, data := range map[string][]byte{"a part of ": data, "a broken ": broken, "a short ": data[:len(data)-3], "nothing of ": nil} {
			r, err := all.Reader(bytes.NewReader(data), format)
			if err == nil {
				n := int64(len(want))
				if what == "a part of " {
					n = 1
				}
				_, _ = io.CopyN(io.Discard, r, n) // whatever it says
				r.Close()
			}
			again(what + file)
		}
	}
}

func TestRefusesUnknownFormats(t *testing.T) {
	_, err := read([]byte("x"), "br")
	if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), `"br"; known are none, gzip, bzip2, xz, zstd`) {
		t.Errorf("error %v", err)
	}
	for _, format := range Formats() {
		if _, err := read([]byte("x"), format); errors.Is(err, ErrFormat) {
			t.Errorf("%s is among Formats, and Reader doesn't know it", format)
		}
	}
}

// A header of a few bytes must not make a reader take memory at will.
func TestRefusesGreatWindows(t *testing.T) {
	for _, exponent := range []byte{27 - 10, 28 - 10, 31 - 10} {
		// A frame without a size, and a descriptor of its window.
		frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, exponent << 3, 0x01, 0x00, 0x00}
		_, err := read(frame, Zstd)
		if large := exponent > 27-10; large != errors.Is(err, zstd.ErrWindowSizeExceeded) {
			t.Errorf("window of 2^%d bytes: %v", exponent+10, err)
		}
	}
}

func TestPassesOnTheReadersError(t *testing.T) {
	for file, format := range samples(t) {
		data := load(t, file)
		broken := io.MultiReader(bytes.NewReader(data[:len(data)/2]), iotest.ErrReader(os.ErrClosed))
		r, err := Reader(broken, format)
		if err == nil {
			_, err = io.ReadAll(r)
		}
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: error %v", file, err)
		}
	}
}

func FuzzReader(f *testing.F) {
	files, _ := filepath.Glob("testdata/text*")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		r, err := Reader(bytes.NewReader(data), "")
		if err != nil {
			return
		}
		defer r.Close()
		_, _ = io.Copy(io.Discard, io.LimitReader(r, 1<<20))
	})
}
