// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/sys/user"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/plan"
)

// checkFiles says what of an image's files is not as a test wants it.
func checkFiles(ctx context.Context, ref client.Reference, checks []plan.FileCheck) ([]string, error) {
	var faults []string
	for i := range checks {
		found, err := checkFile(ctx, ref, &checks[i])
		if err != nil {
			return nil, fmt.Errorf("look at %s: %w", checks[i].Path, err)
		}
		for _, f := range found {
			faults = append(faults, checks[i].Path+" "+f)
		}
	}
	return faults, nil
}

func checkFile(ctx context.Context, ref client.Reference, want *plan.FileCheck) ([]string, error) {
	st, err := lstat(ctx, ref, want.Path)
	switch {
	case err != nil:
		return nil, err
	case st == nil && !want.Absent:
		return []string{"is not there"}, nil
	case st == nil:
		return nil, nil
	case want.Absent:
		return []string{"is there"}, nil
	}
	faults := compareKind(st, want)
	if want.Owner != nil {
		is, err := ownerFault(ctx, ref, st, want.Owner)
		if err != nil {
			return nil, err
		}
		faults = append(faults, is...)
	}
	if want.Content == nil {
		return faults, nil
	}
	if !fs.FileMode(st.Mode).IsRegular() {
		return append(faults, "is not a file with a content"), nil
	}
	data, err := ref.ReadFile(ctx, client.ReadRequest{Filename: want.Path, Range: &client.FileRange{Length: headLimit + 1}})
	if err != nil {
		return nil, err
	}
	var text head
	_, _ = text.Write(data) // it takes everything
	for _, f := range mismatches("content", &text, want.Content) {
		faults = append(faults, "is not as expected: "+f)
	}
	return faults, nil
}

// lstat is a path without following it, if it is a link; nil if it isn't there. BuildKit
// follows links when it is asked for one path. Of an empty image, which has no reference,
// there is the root alone.
func lstat(ctx context.Context, ref client.Reference, p string) (*fstypes.Stat, error) {
	switch {
	case ref == nil && p == "/":
		return &fstypes.Stat{Path: p, Mode: uint32(fs.ModeDir | 0o755)}, nil
	case ref == nil:
		return nil, nil //nolint:nilnil // what isn't there is no fault of the look
	case p == "/":
		return ref.StatFile(ctx, client.StatRequest{Path: p})
	}
	literal := strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path.Base(p))
	found, err := ref.ReadDir(ctx, client.ReadDirRequest{Path: path.Dir(p), IncludePattern: literal})
	if err = fault.NotExist(err); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, st := range found {
		if path.Base(st.Path) == path.Base(p) {
			return st, nil
		}
	}
	return nil, nil //nolint:nilnil // what isn't there is no fault of the look
}

// compareKind says what differs in what is known without reading anything.
func compareKind(st *fstypes.Stat, want *plan.FileCheck) (faults []string) {
	mode := fs.FileMode(st.Mode)
	switch {
	case want.Directory && !mode.IsDir():
		faults = append(faults, "is not a directory")
	case want.Symlink != nil && mode&fs.ModeSymlink == 0:
		faults = append(faults, "is not a link")
	case want.Symlink != nil && st.Linkname != *want.Symlink:
		faults = append(faults, fmt.Sprintf("leads to %q, not to %q", st.Linkname, *want.Symlink))
	}
	if want.Mode != nil {
		if has := tree.UnixMode(mode); has != uint32(*want.Mode) {
			faults = append(faults, fmt.Sprintf("has mode %04o, not %04o", has, uint32(*want.Mode)))
		}
	}
	return faults
}

// ownerFault says who owns a file instead of who is wanted; nothing if it is that one.
func ownerFault(ctx context.Context, ref client.Reference, st *fstypes.Stat, want *plan.Owner) ([]string, error) {
	owner, err := uid(ctx, ref, want.User)
	if err != nil {
		return nil, err
	}
	group, err := gid(ctx, ref, want.Group)
	if err != nil {
		return nil, err
	}
	if (want.User == "" || owner == strconv.Itoa(int(st.Uid))) && (want.Group == "" || group == strconv.Itoa(int(st.Gid))) {
		return nil, nil
	}
	name := want.User
	if want.Group != "" {
		name += ":" + want.Group
	}
	return []string{fmt.Sprintf("belongs to %d:%d, not to %s", st.Uid, st.Gid, name)}, nil
}

// uid is the number of a user, by the image's accounts; the name itself if there is none
// of that name.
func uid(ctx context.Context, ref client.Reference, name string) (string, error) {
	text, err := accounts(ctx, ref, "etc/passwd", name)
	if err != nil || text == nil {
		return name, err
	}
	found, err := user.ParsePasswdFilter(bytes.NewReader(text), func(u user.User) bool { return u.Name == name })
	if err != nil || len(found) == 0 {
		return name, err
	}
	return strconv.Itoa(found[0].Uid), nil
}

// gid is what uid is, of a group.
func gid(ctx context.Context, ref client.Reference, name string) (string, error) {
	text, err := accounts(ctx, ref, "etc/group", name)
	if err != nil || text == nil {
		return name, err
	}
	found, err := user.ParseGroupFilter(bytes.NewReader(text), func(g user.Group) bool { return g.Name == name })
	if err != nil || len(found) == 0 {
		return name, err
	}
	return strconv.Itoa(found[0].Gid), nil
}

// accounts reads a file of accounts; nil where the name is a number or empty, or there
// is no such file, as in an empty image.
func accounts(ctx context.Context, ref client.Reference, file, name string) ([]byte, error) {
	if _, err := strconv.ParseUint(name, 10, 32); err == nil || name == "" || ref == nil {
		return nil, nil
	}
	data, err := ref.ReadFile(ctx, client.ReadRequest{Filename: file})
	if err = fault.NotExist(err); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}
