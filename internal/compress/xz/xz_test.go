// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bufio"
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// samples are data that compresses in different ways.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 300_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	var words bytes.Buffer
	for range 100_000 {
		words.WriteString([]string{"alpha ", "beta ", "gamma\n", "delta-", "x"}[random.IntN(5)])
	}
	return map[string][]byte{
		"nothing": {}, "one byte": {7}, "zeros": make([]byte, 3<<20), "noise": noise, "words": words.Bytes(), "program": program[:2<<20],
		"both": bytes.Join([][]byte{noise, words.Bytes(), noise[:1000], program[:1<<19], noise}, nil),
	}
}

func compress(t testing.TB, data []byte, flags ...string) []byte {
	t.Helper()
	cmd := exec.Command("xz", append([]string{"-c"}, flags...)...)
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("xz %q: %v", flags, err)
	}
	return out
}

func decompress(data []byte) ([]byte, error) {
	return io.ReadAll(NewReader(bufio.NewReader(bytes.NewReader(data)), 64<<20))
}

func TestReadsWhatXzWrites(t *testing.T) {
	for name, data := range samples(t) {
		for _, flags := range []string{
			"-0", "-6 --check=none", "-3 --check=crc32", "-1 --check=sha256", "-2 --block-size=700000",
			"--lzma2=preset=1,dict=4096", "--lzma2=preset=1,lc=0,lp=4,pb=0", "--lzma2=preset=1,lc=4,lp=0,pb=4,dict=100KiB",
		} {
			packed := compress(t, data, strings.Fields(flags)...)
			got, err := decompress(packed)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s, xz %s: %d bytes, want %d, error %v", name, flags, len(got), len(data), err)
			}
			if len(packed) > 13 && !Simple(packed) {
				t.Errorf("%s, xz %s: it isn't simple", name, flags)
			}
		}
	}
}

func TestReadsStreamsOneAfterTheOther(t *testing.T) {
	one := compress(t, []byte("one\n"))
	two := bytes.Join([][]byte{one, make([]byte, 8), one}, nil)
	if got, err := decompress(two); string(got) != "one\none\n" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	for name, data := range map[string][]byte{"odd padding": append(bytes.Clone(one), 0, 0), "more": append(bytes.Clone(one), 'x'), "nothing": {}} {
		if got, err := decompress(data); err == nil {
			t.Errorf("%s: read %q", name, got)
		}
	}
}

// TestEveryDamageIsSeen changes each byte of a stream and cuts it at each.
func TestEveryDamageIsSeen(t *testing.T) {
	packed := compress(t, []byte(strings.Repeat("some words, some more words ", 20)), "--check=crc64")
	for i := range packed {
		if got, err := decompress(packed[:i]); err == nil {
			t.Errorf("cut at %d: read %d bytes", i, len(got))
		}
		for _, change := range []byte{1, 0x80} {
			damaged := bytes.Clone(packed)
			damaged[i] ^= change
			if got, err := decompress(damaged); err == nil {
				t.Errorf("byte %d changed: read %d bytes", i, len(got))
			}
		}
	}
}

func TestOtherFiltersAreToldApart(t *testing.T) {
	packed := compress(t, make([]byte, 1000), "--x86", "--lzma2=preset=1")
	if Simple(packed) {
		t.Error("a stream with another filter counts as simple")
	}
	if _, err := decompress(packed); err == nil {
		t.Error("it is read")
	}
	if _, err := io.ReadAll(NewReader(bufio.NewReader(bytes.NewReader(compress(t, nil, "-9"))), 1<<20)); err != nil {
		t.Logf("an empty stream has no block: %v", err)
	}
	if _, err := io.ReadAll(NewReader(bufio.NewReader(bytes.NewReader(compress(t, []byte("x"), "-9"))), 1<<20)); err == nil {
		t.Error("more memory is taken than is allowed")
	}
}

// FuzzReader looks for streams that make reading panic or hang.
func FuzzReader(f *testing.F) {
	f.Add(compress(f, []byte("hello hello hello")))
	f.Add(compress(f, nil))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = io.Copy(io.Discard, io.LimitReader(NewReader(bufio.NewReader(bytes.NewReader(data)), 1<<24), 1<<24))
	})
}

func BenchmarkReader(b *testing.B) {
	data, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		b.Fatal(err)
	}
	packed := compress(b, data)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := decompress(packed); err != nil {
			b.Fatal(err)
		}
	}
}
