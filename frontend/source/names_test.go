// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	fstypes "github.com/tonistiigi/fsutil/types"
)

// records writes names as BuildKit keeps them.
func records(t testing.TB, names ...string) []byte {
	t.Helper()
	var data []byte
	for _, name := range names {
		message, err := (&fstypes.Stat{Path: name}).MarshalVT()
		if err != nil {
			t.Fatal(err)
		}
		data = binary.LittleEndian.AppendUint32(data, uint32(len(message)))
		data = append(data, message...)
	}
	return data
}

func TestParseNames(t *testing.T) {
	data := records(t, "a", "a/b", "c")
	for cut, want := range map[int][]string{0: {"a", "a/b", "c"}, len(data): nil} {
		stats, err := parseNames(data[:len(data)-cut])
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, stat := range stats {
			got = append(got, stat.Path)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("without the last %d bytes (-want +got):\n%s", cut, diff)
		}
	}
	for _, cut := range []int{1, len(data) - 2} {
		if stats, err := parseNames(data[:len(data)-cut]); err == nil {
			t.Errorf("without the last %d bytes there are %d names", cut, len(stats))
		}
	}
}

func FuzzParseNames(f *testing.F) {
	f.Add(records(f, "a", "a/b"))
	f.Add([]byte{255, 255, 255, 255, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		if stats, err := parseNames(data); err == nil && len(stats) > len(data)/4 {
			t.Errorf("%d names in %d bytes", len(stats), len(data))
		}
	})
}

// named is a daemon that was sent names alone.
type named struct {
	capable
	data []byte
}

func (n named) Solve(context.Context, client.SolveRequest) (*client.Result, error) {
	res := client.NewResult()
	res.SetRef(namedRef{data: n.data})
	return res, nil
}

// namedRef is the directory with the file of names.
type namedRef struct {
	client.Reference
	data []byte
}

func (r namedRef) StatFile(context.Context, client.StatRequest) (*fstypes.Stat, error) {
	return &fstypes.Stat{Size: int64(len(r.data))}, nil
}

func (r namedRef) ReadFile(_ context.Context, req client.ReadRequest) ([]byte, error) {
	data := r.data[min(req.Range.Offset, len(r.data)):]
	return data[:min(req.Range.Length, len(data))], nil
}

// TestManyNames lists a directory of more files than one answer of the daemon has, of
// which the last one counts as well; of too many, nothing is said.
func TestManyNames(t *testing.T) {
	data := records(t, "node_modules")
	for block := records(t, "node_modules/"+strings.Repeat("a", 200)); len(data) < 9<<20; {
		data = append(data, block...)
	}
	data = append(data, records(t, "src", "src/main.go")...)
	d := &Daemon{Client: named{data: data}, UI: &dockerui.Client{}}
	list := d.listNames(t.Context(), bk.Local("context"))
	if list == nil {
		t.Fatal("the directory can't be listed")
	}
	if stats, err := list("src"); err != nil || len(stats) != 1 {
		t.Errorf("src has %d files, %v", len(stats), err)
	}
	d.Client = named{data: make([]byte, mostNames+1)}
	if d.listNames(t.Context(), bk.Local("context")) != nil {
		t.Error("a directory of too many names is listed")
	}
}
