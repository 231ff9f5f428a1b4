// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"fmt"
	"os"
	"path"

	bk "github.com/moby/buildkit/client/llb"
)

// need makes sure that dir and all folders above it are made, as the base has
// them or, where it doesn't, as 0755 root:root.
func (f *filesLayer) need(t tree, dir string) error {
	if dir == "/" {
		return nil
	}
	for _, p := range append(ancestors(dir), dir) {
		if _, ok := f.folders[p]; ok {
			continue
		}
		n, ok, err := t.lookup(p)
		if err != nil {
			return err
		}
		if !ok || n.link != "" {
			n = f.guess(p)
		}
		f.folders[p] = folder{mode: n.mode, uid: n.uid, gid: n.gid}
	}
	return nil
}

// guess is a folder that the base doesn't have: as the layer that must have made
// it would, or 0755 root:root.
func (f *filesLayer) guess(p string) node {
	if n, ok := f.likely[p]; ok {
		return n
	}
	if f.shipped && !isStandard(p) {
		f.unknown = true
	}
	return node{mode: 0o755}
}

// isStandard tells whether a folder is one that every distribution has as 0755
// root:root.
func isStandard(p string) bool {
	switch p {
	case "/bin", "/etc", "/home", "/lib", "/lib64", "/mnt", "/opt", "/run", "/sbin", "/srv", "/usr", "/usr/bin",
		"/usr/include", "/usr/lib", "/usr/lib64", "/usr/libexec", "/usr/local", "/usr/local/bin", "/usr/local/etc",
		"/usr/local/lib", "/usr/local/sbin", "/usr/local/share", "/usr/sbin", "/usr/share", "/var", "/var/cache",
		"/var/lib", "/var/log", "/var/opt", "/var/spool":
		return true
	}
	return false
}

// folderTree is a state with the layer's folders in their modes and owners. Its
// times mean nothing.
func (f *filesLayer) folderTree() (bk.State, bool) {
	names := sortedKeys(f.folders)
	if len(names) == 0 {
		return bk.Scratch(), false
	}
	key := fmt.Sprint(names, f.folders)
	if st, ok := f.trees[key]; ok {
		return st, true
	}
	var fa *bk.FileAction
	var empty *bk.State
	for _, name := range names {
		dir := f.folders[name]
		if dir.mode&^0o777 == 0 {
			fa = then(fa).Mkdir(name, goMode(dir.mode), bk.WithUIDGID(dir.uid, dir.gid))
			continue
		}
		// Mkdir drops setuid, setgid and sticky; a copy of a folder keeps them.
		if empty == nil {
			empty = ptr(bk.Scratch().File(bk.Mkdir("/folder", 0o755), bk.WithCustomName("[internal] make a folder")))
		}
		fa = then(fa).Copy(*empty, "/folder", name, &bk.CopyInfo{
			Mode:     &bk.ChmodOpt{Mode: goMode(dir.mode)},
			ChownOpt: numericOwner(dir.uid, dir.gid),
		})
	}
	f.trees[key] = bk.Scratch().File(fa, bk.WithCustomName("[internal] make folders"))
	return f.trees[key], true
}

// actions is a chain of file actions that may still be empty.
type actions struct{ *bk.FileAction }

// then continues a chain of file actions, or starts one.
func then(fa *bk.FileAction) actions { return actions{fa} }

// Mkdir adds a folder.
func (a actions) Mkdir(p string, m os.FileMode, opt ...bk.MkdirOption) *bk.FileAction {
	if a.FileAction == nil {
		return bk.Mkdir(p, m, opt...)
	}
	return a.FileAction.Mkdir(p, m, opt...)
}

// Mkfile adds a file.
func (a actions) Mkfile(p string, m os.FileMode, data []byte, opt ...bk.MkfileOption) *bk.FileAction {
	if a.FileAction == nil {
		return bk.Mkfile(p, m, data, opt...)
	}
	return a.FileAction.Mkfile(p, m, data, opt...)
}

// Symlink adds a symbolic link.
func (a actions) Symlink(target, p string, opt ...bk.SymlinkOption) *bk.FileAction {
	if a.FileAction == nil {
		return bk.Symlink(target, p, opt...)
	}
	return a.FileAction.Symlink(target, p, opt...)
}

// Rm removes a path.
func (a actions) Rm(p string, opt ...bk.RmOption) *bk.FileAction {
	if a.FileAction == nil {
		return bk.Rm(p, opt...)
	}
	return a.FileAction.Rm(p, opt...)
}

// Copy adds a copy.
func (a actions) Copy(from bk.CopyInput, src, dest string, opt ...bk.CopyOption) *bk.FileAction {
	if a.FileAction == nil {
		return bk.Copy(from, src, dest, opt...)
	}
	return a.FileAction.Copy(from, src, dest, opt...)
}

// base of a URL's path, as the name of the file that it gives.
func urlName(url string) string {
	for i, c := range url {
		if c == '?' || c == '#' {
			url = url[:i]
			break
		}
	}
	return path.Base(url)
}
