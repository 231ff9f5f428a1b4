// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/image/rootfs"
	"github.com/strata-build/strata/internal/testenv"
)

// capability is what setcap cap_net_raw+ep writes.
const capability = "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// sample is an image by hand.
type sample struct {
	name   string
	layers [][]entry
	// clock are the directories to which unpackers give the time of unpacking: those
	// that no layer describes, and where such a directory was made or removed.
	clock []string
	// touched are directories to which docker and podman give another time, too.
	touched []string
	// apart says what docker and podman do that the specification does not say;
	// empty when they have to agree.
	apart string
}

// deep is a path of n parts.
func deep(n int) []entry {
	var entries []entry
	path := "deep"
	for range n {
		entries = append(entries, dir(path))
		path += "/" + strings.Repeat("x", 9)
	}
	return append(entries, file(path, "at the bottom"))
}

// samples are the images that unpackers have to agree on.
func samples() []sample {
	top := dir(".").mode(0o755)
	return []sample{
		{name: "plain", layers: [][]entry{{
			top, dir("etc"), file("etc/motd", "hello\n").mode(0o640).owner(7, 8), symlink("link", "etc/motd"),
			file("suid", "x").mode(0o4755), dir("tmp").mode(0o1777), file("empty", ""),
		}}},
		{name: "whiteout", touched: []string{"a"}, layers: [][]entry{
			{top, dir("a"), file("a/gone", "1"), file("a/kept", "2"), dir("a/dir"), file("a/dir/x", "3")},
			{remove("a/gone"), remove("a/dir"), remove("never")},
		}},
		{name: "opaque with children in the same layer, before and after", layers: [][]entry{
			{top, dir("home"), file("home/.bashrc", "old"), file("home/old", "old"), dir("home/sub"), file("home/sub/old", "")},
			{dir("home").mode(0o700), file("home/.bashrc", "new"), opaque("home"), file("home/new", "new")},
		}},
		{name: "opaque keeps a new child below an old directory", clock: []string{"d/sub"}, layers: [][]entry{
			{top, dir("d"), dir("d/sub"), file("d/sub/old", "old")},
			{dir("d"), dir("d/sub"), file("d/sub/new", "new"), opaque("d")},
		}},
		{name: "opaque root", layers: [][]entry{
			{top, dir("old"), file("old/x", ""), file("top", "1")},
			{top, opaque(""), file("new", "2")},
		}},
		{name: "directory to file and back", layers: [][]entry{
			{top, dir("x"), file("x/inside", "1"), file("y", "file")},
			{file("x", "now a file"), dir("y"), file("y/inside", "2")},
			{dir("x"), file("x/again", "3"), symlink("y", "x")},
		}},
		{name: "whiteout of a directory, then a file of that name", layers: [][]entry{
			{top, dir("x"), file("x/inside", "1"), file("f", "1")},
			{remove("x"), file("x", "a file"), remove("f"), file("f", "new")},
		}},
		{
			name: "a file, then its whiteout", apart: "they remove a file of the same layer, too",
			layers: [][]entry{{top, file("f", "1")}, {file("f", "new"), remove("f")}},
		},
		{name: "hard links", layers: [][]entry{
			{top, file("a", "body").xattr("user.note", "kept"), hardlink("b", "a"), dir("sub"), hardlink("sub/c", "./b")},
			{remove("a")},
			{file("b", "another")},
		}},
		{name: "hard link across a whiteout in one layer", layers: [][]entry{
			{top, file("a", "body")},
			{hardlink("b", "a"), remove("a")},
		}},
		{name: "hard links of links and devices", apart: "they export several names of files only", layers: [][]entry{
			{top, symlink("s", "nowhere"), hardlink("s2", "s"), device("null", tar.TypeChar, 1, 3), hardlink("null2", "null").mode(0o620).owner(0, 5)},
		}},
		{name: "attributes", layers: [][]entry{
			{
				top, file("ping", "elf").mode(0o755).xattr("security.capability", capability),
				dir("marked").xattr("user.zero", "a\x00b"), file("f", "1").xattr("trusted.x", ""),
			},
			{dir("marked").xattr("user.other", "1"), file("f", "2")},
		}},
		{name: "devices", layers: [][]entry{{
			top, dir("dev"), device("dev/null", tar.TypeChar, 1, 3), device("dev/loop", tar.TypeBlock, 7, 300),
			device("dev/pipe", tar.TypeFifo, 0, 0), device("dev/zero", tar.TypeChar, 0, 0),
		}}},
		{name: "names", layers: [][]entry{{
			top, file("not utf-8 \xff\xfe", "1"), symlink("to \xe9", "\xff"), file("new\nline", "2"), file(strings.Repeat("n", 255), "3"),
			file("-dash", "4"), file("päx", "5"), file("a b", "6"), file(".wh", "7"), file("back\\slash", "8"),
			dir(strings.Repeat("d", 200)), file(strings.Repeat("d", 200)+"/"+strings.Repeat("e", 200), "9"),
		}}},
		{name: "200 deep", layers: [][]entry{append([]entry{top}, deep(200)...)}},
		{name: "dots and slashes", layers: [][]entry{{
			top, file("./one", "1"), file("/two", "2"), dir("./sub"), file("sub/../three", "3"), file("../../../four", "4"),
			file("sub//five", "5"), hardlink("six", "/one"),
		}}},
		{
			name: "missing parents", apart: "they are of mode 0600", clock: []string{".", "not", "not/there"},
			layers: [][]entry{{top, file("not/there/yet", "1")}},
		},
		{
			name: "links to directories as parents", touched: []string{"usr", "usr/lib"},
			layers: [][]entry{
				{
					top, dir("usr"), dir("usr/lib"), symlink("lib", "usr/lib"), symlink("abs", "/usr/lib"), dir("out"),
					symlink("out/escape", "../../../../usr"), file("usr/lib/gone", ""),
				},
				{
					file("lib/one", "1"), file("abs/two", "2"), file("out/escape/three", "3"),
					hardlink("five", "lib/one"), remove("lib/gone"),
				},
			},
		},
		{
			name: "a link to nowhere as a parent", clock: []string{".", "nowhere"}, apart: "they do not take it",
			layers: [][]entry{{top, symlink("dangling", "nowhere")}, {file("dangling/four", "4")}},
		},
		{name: "link replaced by an opaque directory", layers: [][]entry{
			{top, dir("real"), file("real/kept", "1"), symlink("l", "real")},
			{dir("l"), opaque("l"), file("l/new", "2")},
		}},
		{name: "times", apart: "they know no times before 1970", layers: [][]entry{
			{
				top, file("fraction", "").with(func(h *tar.Header) { h.ModTime = time.Unix(1, 123456789) }),
				file("before 1970", "").with(func(h *tar.Header) { h.ModTime = time.Unix(-1000, 0) }), dir("d"),
			},
			{file("d/later", "keeps the directory's time")},
		}},
		{name: "owners", layers: [][]entry{{
			top, file("big", "").owner(2_000_000_000, 3_000_000_000), symlink("l", "x").owner(5, 6), dir("d").owner(9, 9).mode(0o2750),
			file("d/f", "").owner(0, 0),
		}}},
		{name: "sizes", apart: "it takes them seconds to say what umoci says, too", layers: [][]entry{append([]entry{
			top, file("block", strings.Repeat("b", 4096)), file("tail", strings.Repeat("t", 3*4096+7)),
			file("holes", strings.Repeat("\x00", 300_000)+"data"+strings.Repeat("\x00", 200_000)),
			file("long tail", strings.Repeat("l", 4095)), symlink("long link", strings.Repeat("n/", 2000)),
		}, many(1500)...)}},
		{name: "GNU archive", apart: "missing parents are of mode 0600", layers: [][]entry{{
			top, file(strings.Repeat("long/", 30)+"name", "1").with(func(h *tar.Header) { h.Format = tar.FormatGNU }),
		}}, clock: longDirs()},
	}
}

// many are more files than a block of a directory holds.
func many(n int) []entry {
	entries := []entry{dir("many")}
	for i := range n {
		entries = append(entries, file(fmt.Sprintf("many/%s%d", strings.Repeat("m", i%50), i), fmt.Sprint(i)))
	}
	return entries
}

func longDirs() []string {
	directories := []string{"."}
	path := ""
	for range 30 {
		path = filepath.Join(path, "long")
		directories = append(directories, path)
	}
	return directories
}

// TestUmoci compares the directories that umoci, Unpack and WriteDir make.
func TestUmoci(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			tars := archives(t, s.layers)
			want := layoutOf(t, tars).Unpack(t, "amd64")
			dir := testenv.Dir(t)
			unpacked, written := filepath.Join(dir, "unpacked"), filepath.Join(dir, "written")
			if _, lost, err := rootfs.Unpack(t.Context(), layersOf(tars), unpacked); err != nil || lost.String() != "" {
				t.Fatalf("Unpack: lost %q, %v", lost, err)
			}
			if lost, err := flattenArchives(t, tars).WriteDir(t.Context(), written); err != nil || lost.String() != "" {
				t.Fatalf("WriteDir: lost %q, %v", lost, err)
			}
			look := seen{clock: s.clock}
			if diff := cmp.Diff(look.list(t, want), look.list(t, unpacked)); diff != "" {
				t.Errorf("(-umoci +strata):\n%s", diff)
			}
			if diff := cmp.Diff(seen{}.list(t, unpacked), seen{}.list(t, written)); diff != "" {
				t.Errorf("(-Unpack +WriteDir):\n%s", diff)
			}
		})
	}
}

// TestHoles unpacks files with long zeros, which take no room but at their ends.
func TestHoles(t *testing.T) {
	const zeros = 8 << 20
	bodies := map[string]string{
		"all":    strings.Repeat("\x00", zeros),
		"front":  strings.Repeat("\x00", zeros) + "x",
		"back":   "x" + strings.Repeat("\x00", zeros),
		"middle": "x" + strings.Repeat("\x00", zeros) + "y",
	}
	var entries []entry
	for name, body := range bodies {
		entries = append(entries, file(name, body))
	}
	root := filepath.Join(testenv.Dir(t), "root")
	if _, _, err := rootfs.Unpack(t.Context(), layersOf(archives(t, [][]entry{entries})), root); err != nil {
		t.Fatal(err)
	}
	for name, body := range bodies {
		at := filepath.Join(root, name)
		if got, err := os.ReadFile(at); err != nil || string(got) != body {
			t.Errorf("%s: another body, %v", name, err)
		}
		var st unix.Stat_t
		if err := unix.Stat(at, &st); err != nil || st.Blocks*512 > zeros/8 {
			t.Errorf("%s takes %d bytes, %v", name, st.Blocks*512, err)
		}
	}
}

// TestTwiceTheSame writes archives of the same layers, and of the same with
// their entries in another order.
func TestTwiceTheSame(t *testing.T) {
	layers := [][]entry{
		{dir("a"), dir("b"), file("a/x", "1"), file("b/y", "2"), dir("c"), file("c/old", "")},
		{file("a/z", "3"), remove("b/y"), dir("c"), file("c/new", "4"), opaque("c")},
	}
	shuffled := [][]entry{
		{dir("c"), file("c/old", ""), dir("b"), file("b/y", "2"), dir("a"), file("a/x", "1")},
		{opaque("c"), file("c/new", "4"), dir("c"), remove("b/y"), file("a/z", "3")},
	}
	var want []byte
	for i, l := range [][][]entry{layers, layers, shuffled} {
		var buf bytes.Buffer
		if err := flatten(t, l...).WriteTar(t.Context(), &buf); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			want = buf.Bytes()
		}
		if !bytes.Equal(want, buf.Bytes()) {
			t.Errorf("archive %d differs from the first", i)
		}
	}
	var names []string
	for r := tar.NewReader(bytes.NewReader(want)); ; {
		h, err := r.Next()
		if err != nil {
			break
		}
		names = append(names, h.Name)
	}
	if got := fmt.Sprint(names); got != "[./ a/ a/x a/z b/ c/ c/new]" {
		t.Errorf("entries %s", got)
	}
}
