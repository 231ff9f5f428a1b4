// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package dpkg

import (
	"archive/tar"
	"context"
	"crypto/md5" //nolint:gosec // it is what dpkg's database has
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/deb"
)

// maxEntries limits the files of a package; the greatest in Debian has 100,000.
const maxEntries = 1 << 20

// An unpacker unpacks one package.
type unpacker struct {
	tree    *tree
	control *deb.Control
	by      int
	filters Filters

	p         *Package
	list      strings.Builder
	conffiles map[string]int
	// sums are the lines of md5sums for a package that has none.
	sums     strings.Builder
	needSums bool
	sumOf    map[string]string
	buf      []byte
}

func (u *unpacker) name() string { return u.control.Fields.Get("Package") }

func (u *unpacker) unpack(ctx context.Context, a *deb.Archive, memory *budget) (*Package, error) {
	need := a.DataWindow()
	if err := memory.take(ctx, need); err != nil {
		return nil, err
	}
	defer memory.give(need)
	u.p = &Package{
		Control: u.control.Fields, Info: u.control.InfoName(),
		Triggers: string(u.control.File("triggers")), Preinst: string(u.control.File("preinst")),
	}
	u.needSums, u.sumOf = u.control.File("md5sums") == nil, map[string]string{}
	if err := u.readConffiles(); err != nil {
		return nil, err
	}
	data, err := a.Data()
	if err != nil {
		return nil, err
	}
	ahead := readAhead(&bounded{from: data, left: limit(u.control.InstalledSize(), a.DataSize())})
	err = u.entries(ctx, tar.NewReader(ahead))
	if err == nil {
		// What follows the last file says whether the stream was whole.
		err = copyTo(io.Discard, ahead, u.buf)
	}
	ahead.stop()
	if err := errors.Join(err, data.Close()); err != nil {
		return nil, err
	}
	return u.p, u.writeInfo()
}

// limit is how many bytes the files' archive may have: much more than the package
// says, and never more than any real archive is compressed by.
func limit(installed, compressed int64) int64 {
	const least = 64 << 20
	ratio := compressed*2000 + least
	if installed == 0 {
		return min(compressed*100+least, ratio)
	}
	return min(installed*8+least, ratio)
}

// bounded is a reader that fails when it has given too much.
type bounded struct {
	from io.Reader
	left int64
}

var errTooMuch = errors.New("its files need much more room than it says; a decompression bomb isn't unpacked")

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooMuch
	}
	return n, err
}

// readConffiles notes which files are for the user to change.
func (u *unpacker) readConffiles() error {
	u.conffiles = map[string]int{}
	for line := range strings.SplitSeq(string(u.control.File("conffiles")), "\n") {
		line = strings.TrimRight(line, " \t\r")
		if line == "" || strings.HasPrefix(line, "remove-on-upgrade ") {
			continue
		}
		if line[0] != '/' {
			return fmt.Errorf("read conffiles: %q isn't a path", line)
		}
		u.conffiles[line] = len(u.p.Conffiles)
		u.p.Conffiles = append(u.p.Conffiles, Conffile{Path: line})
	}
	return nil
}

func (u *unpacker) entries(ctx context.Context, r *tar.Reader) error {
	u.buf = make([]byte, 1<<17)
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && n == maxEntries {
			err = fmt.Errorf("it has more than %d files", maxEntries)
		}
		if err == nil && h.Typeflag != tar.TypeXGlobalHeader {
			err = u.entry(h, r)
		}
		if err != nil {
			return fmt.Errorf("read data.tar: %w", err)
		}
	}
}

// entry unpacks one file.
func (u *unpacker) entry(h *tar.Header, r io.Reader) error {
	p, err := deb.CleanPath(h.Name)
	if err != nil {
		return err
	}
	folder := h.Typeflag == tar.TypeDir
	u.note(p, h)
	if u.filters.skips(p, folder || h.Typeflag == tar.TypeSymlink) {
		return nil
	}
	at := deb.UsrPath(p, folder)
	n := &node{by: u.by, pkg: u.name(), folder: folder, link: h.Typeflag == tar.TypeSymlink, mode: uint32(h.Mode) & 0o7777, uid: h.Uid, gid: h.Gid}
	if !folder && strings.HasPrefix(at, "/var/lib/dpkg/") {
		return fmt.Errorf("write %s: a package can't have a part of dpkg's database", p)
	}
	switch h.Typeflag {
	case tar.TypeDir:
		err = u.tree.folder(at, n)
	case tar.TypeReg:
		err = u.file(at, n, h, r)
	case tar.TypeSymlink:
		err = u.symlink(at, n, h)
	case tar.TypeLink:
		err = u.hardLink(at, n, h)
	case tar.TypeFifo:
		err = u.tree.leaf(at, n, func(at string) error {
			if err := unix.Mkfifoat(u.tree.fd, at, n.mode); err != nil {
				return fmt.Errorf("make fifo: %w", err)
			}
			return setAttributes(u.tree.fd, at, n.mode, n.uid, n.gid, timeOf(h))
		})
	case tar.TypeChar, tar.TypeBlock:
		err = errors.New("it is a device node, which an image must not have")
	default:
		err = fmt.Errorf("it is of the unknown type %q", h.Typeflag)
	}
	if err != nil && !errors.Is(err, errElsewhere) {
		return fmt.Errorf("unpack %s: %w", p, err)
	}
	return nil
}

// note enters a file in the lists of what the package has.
func (u *unpacker) note(p string, h *tar.Header) {
	if p == "/" {
		u.list.WriteString("/.\n")
	} else {
		u.list.WriteString(p + "\n")
	}
	switch h.Typeflag {
	case tar.TypeDir:
		u.p.Folders = append(u.p.Folders, Folder{Path: p, Mode: uint32(h.Mode) & 0o7777, UID: h.Uid, GID: h.Gid})
	case tar.TypeSymlink:
		u.p.Links = append(u.p.Links, p)
	default:
		u.p.Files = append(u.p.Files, p)
	}
	u.owner(Owner{Name: h.Uname, ID: h.Uid})
	u.owner(Owner{Name: h.Gname, ID: h.Gid, Group: true})
}

func (u *unpacker) owner(o Owner) {
	if o.Name != "" && (o.Name != "root" || o.ID != 0) && !slices.Contains(u.p.Owners, o) {
		u.p.Owners = append(u.p.Owners, o)
	}
}

func timeOf(h *tar.Header) unix.Timespec { return unix.NsecToTimespec(h.ModTime.UnixNano()) }

func (u *unpacker) file(at string, n *node, h *tar.Header, r io.Reader) error {
	var f *os.File
	err := u.tree.leaf(at, n, func(at string) error {
		fd, err := unix.Openat(u.tree.fd, at, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, n.mode)
		if err != nil {
			return fmt.Errorf("create file: %w", err)
		}
		f = os.NewFile(uintptr(fd), at)
		return nil
	})
	if err != nil {
		return err
	}
	err = u.fill(f, n, h, r)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return setTime(u.tree.fd, at[1:], timeOf(h))
}

// fill writes a file's content. Writing clears setuid, and so does a change of
// owner, so the mode comes last where it matters.
func (u *unpacker) fill(f *os.File, n *node, h *tar.Header, r io.Reader) error {
	if err := u.copy(f, strings.TrimPrefix(h.Name, "./"), r); err != nil {
		return err
	}
	if n.uid != 0 || n.gid != 0 {
		if err := f.Chown(n.uid, n.gid); err != nil {
			return fmt.Errorf("set owner %d:%d: %w", n.uid, n.gid, err)
		}
	}
	if n.mode&^0o777 != 0 || n.uid != 0 || n.gid != 0 {
		if err := unix.Fchmod(int(f.Fd()), n.mode); err != nil {
			return fmt.Errorf("set mode %04o: %w", n.mode, err)
		}
	}
	return nil
}

// copy copies a file's content, and notes its sum if somebody wants it.
func (u *unpacker) copy(f *os.File, name string, r io.Reader) error {
	which, isConffile := u.conffiles["/"+name]
	if !isConffile && !u.needSums {
		return copyTo(f, r, u.buf)
	}
	sum := md5.New() //nolint:gosec // it is what dpkg's database has
	if err := copyTo(f, io.TeeReader(r, sum), u.buf); err != nil {
		return err
	}
	text := hex.EncodeToString(sum.Sum(nil))
	if isConffile {
		u.p.Conffiles[which].MD5 = text
	}
	u.noteSum(name, text)
	return nil
}

// noteSum adds a line to md5sums.
func (u *unpacker) noteSum(name, sum string) {
	if u.needSums {
		u.sumOf[name] = sum
		u.sums.WriteString(sum + "  " + name + "\n")
	}
}

// copyTo copies by blocks of the buffer's size.
func copyTo(w io.Writer, r io.Reader, buf []byte) error {
	for {
		n, readErr := readBlock(r, buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
		if errors.Is(readErr, io.EOF) {
			return nil
		}
		if readErr != nil {
			return fmt.Errorf("read: %w", readErr)
		}
	}
}

// readBlock reads until buf is full or there is an error, which it returns as it
// is: a stream that is cut short must not look like one that ends.
func readBlock(r io.Reader, buf []byte) (int, error) {
	for n := 0; ; {
		m, err := r.Read(buf[n:])
		if n += m; n == len(buf) || err != nil {
			return n, err
		}
	}
}

func (u *unpacker) symlink(at string, n *node, h *tar.Header) error {
	if h.Linkname == "" || strings.ContainsRune(h.Linkname, 0) {
		return fmt.Errorf("it is a link to %q", h.Linkname)
	}
	return u.tree.leaf(at, n, func(at string) error {
		if err := unix.Symlinkat(h.Linkname, u.tree.fd, at); err != nil {
			return fmt.Errorf("make link: %w", err)
		}
		if n.uid != 0 || n.gid != 0 {
			if err := unix.Fchownat(u.tree.fd, at, n.uid, n.gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
				return fmt.Errorf("set owner %d:%d: %w", n.uid, n.gid, err)
			}
		}
		return setTime(u.tree.fd, at, timeOf(h))
	})
}

// hardLink makes another name for a file of the same package.
func (u *unpacker) hardLink(at string, n *node, h *tar.Header) error {
	target, err := deb.CleanPath(h.Linkname)
	if err != nil {
		return err
	}
	to := deb.UsrPath(target, false)
	return u.tree.leaf(at, n, func(at string) error {
		if !u.tree.owns(to, u.by) {
			if other := u.tree.nodes[to]; other != nil && other.by != u.by {
				return errElsewhere
			}
			return fmt.Errorf("it is a hard link to %s, which is no file before it in the package", target)
		}
		if err := unix.Linkat(u.tree.fd, to[1:], u.tree.fd, at, 0); err != nil {
			return fmt.Errorf("make hard link to %s: %w", target, err)
		}
		u.noteSum(strings.TrimPrefix(h.Name, "./"), u.sumOf[target[1:]])
		return nil
	})
}
