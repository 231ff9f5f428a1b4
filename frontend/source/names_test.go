// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
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
	for cut, want := range map[int][]string{0: {"a", "a/b", "c"}, 1: {"a", "a/b"}, len(data): nil, len(data) - 2: nil} {
		var got []string
		for _, stat := range parseNames(data[:len(data)-cut]) {
			got = append(got, stat.Path)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("without the last %d bytes (-want +got):\n%s", cut, diff)
		}
	}
}

func FuzzParseNames(f *testing.F) {
	f.Add(records(f, "a", "a/b"))
	f.Add([]byte{255, 255, 255, 255, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		if n := len(parseNames(data)); n > len(data)/4 {
			t.Errorf("%d names in %d bytes", n, len(data))
		}
	})
}
