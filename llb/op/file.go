// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package op

import (
	"os"
	"path"
	"strconv"
	"time"

	bk "github.com/moby/buildkit/client/llb"
)

// FileTime is the time of everything that Strata writes. It does not follow
// SOURCE_DATE_EPOCH, or every commit would change every layer.
func FileTime() time.Time { return time.Unix(0, 0).UTC() }

// Restart cuts the chain of states that BuildKit's client keeps for every state,
// which makes long chains quadratic.
func Restart(st bk.State) bk.State { return bk.NewState(st.Output()) }

// AttemptName is the name of a fetched file for BuildKit, which must see that what
// another server has is another attempt at the same content. The first attempt is
// 0.
func AttemptName(name string, attempt int) string {
	if attempt == 0 {
		return name
	}
	return name + "-" + strconv.Itoa(attempt+1)
}

// Owner gives what is copied to numbers.
func Owner(uid, gid int) *bk.ChownOpt {
	return &bk.ChownOpt{User: &bk.UserOpt{UID: uid}, Group: &bk.UserOpt{UID: gid}}
}

// Mode carries the raw bits of chmod(2), as BuildKit's copy expects them.
func Mode(bits uint32) os.FileMode { return os.FileMode(bits) }

// SubPath selects a part of a mounted tree; all of it for an empty path.
func SubPath(p string) []bk.MountOption {
	if p == "" || path.Clean(p) == "/" {
		return nil
	}
	return []bk.MountOption{bk.SourcePath(p)}
}

// KernelDirs are the directories that are mounted into every step.
func KernelDirs() []string { return []string{"/dev", "/proc", "/sys"} }

// MountPoints makes directories on top of a state, with those above them.
func MountPoints(st bk.State, dirs []string) bk.State {
	var fa *bk.FileAction
	for _, dir := range dirs {
		fa = Then(fa).Mkdir(dir, 0o755, bk.WithParents(true), bk.WithCreatedTime(FileTime()))
	}
	if fa == nil {
		return st
	}
	return Restart(st.File(fa, bk.WithCustomName("[internal] make mount points")))
}

// Actions is a chain of file actions that may still be empty.
type Actions struct{ so *bk.FileAction }

// Then continues a chain of file actions, or starts one when it is nil.
func Then(fa *bk.FileAction) Actions { return Actions{fa} }

// Makes reports whether Mkdir and Mkfile give a mode on every daemon. They drop setuid, setgid
// and sticky, and whatever the daemon's umask takes away: BuildKit's own has none, that of a
// Docker Engine may be 022. A copy sets every mode.
func Makes(mode uint32) bool { return mode&^0o755 == 0 }

// Mkdir adds a directory. Its mode is one that [Makes] allows.
func (a Actions) Mkdir(p string, m os.FileMode, opt ...bk.MkdirOption) *bk.FileAction {
	if a.so == nil {
		return bk.Mkdir(p, m, opt...)
	}
	return a.so.Mkdir(p, m, opt...)
}

// Mkfile adds a file. Its mode is one that [Makes] allows.
func (a Actions) Mkfile(p string, m os.FileMode, data []byte, opt ...bk.MkfileOption) *bk.FileAction {
	if a.so == nil {
		return bk.Mkfile(p, m, data, opt...)
	}
	return a.so.Mkfile(p, m, data, opt...)
}

// Symlink adds a symbolic link.
func (a Actions) Symlink(target, p string, opt ...bk.SymlinkOption) *bk.FileAction {
	if a.so == nil {
		return bk.Symlink(target, p, opt...)
	}
	return a.so.Symlink(target, p, opt...)
}

// Rm removes a path.
func (a Actions) Rm(p string, opt ...bk.RmOption) *bk.FileAction {
	if a.so == nil {
		return bk.Rm(p, opt...)
	}
	return a.so.Rm(p, opt...)
}

// Copy adds a copy.
func (a Actions) Copy(from bk.CopyInput, src, dest string, opt ...bk.CopyOption) *bk.FileAction {
	if a.so == nil {
		return bk.Copy(from, src, dest, opt...)
	}
	return a.so.Copy(from, src, dest, opt...)
}

// CheckoutModes is a change of modes that makes them independent of the umask which files
// were checked out with.
const CheckoutModes = "go=u-w"

// CheckoutMode is [CheckoutModes] for a copy.
func CheckoutMode() *bk.ChmodOpt { return &bk.ChmodOpt{ModeStr: CheckoutModes} }
