// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// Where things are in a squashfs image, in bytes; from Linux's
// fs/squashfs/squashfs_fs.h.
const (
	squashfsMagic   = 0x73717368
	squashfsRoot    = 32 // in the superblock: where the root's inode is
	squashfsInodes  = 64 // in the superblock: where the inodes begin
	squashfsSuperSz = 96
	squashfsBlock   = 8192 // of inodes, behind a header of 2
	squashfsTime    = 8    // in an inode
	squashfsPlain   = 1 << 15
)

// setSquashfsRootTime gives the root its time, which mksquashfs 4.5 takes from
// the clock when it reads an archive. The image's inodes are not compressed.
func setSquashfsRootTime(path string, seconds uint32) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := setRootTime(f, seconds); err != nil {
		f.Close()
		return fmt.Errorf("set the root's time: %w", err)
	}
	return f.Close()
}

func setRootTime(f interface {
	io.ReaderAt
	io.WriterAt
}, seconds uint32,
) error {
	super := make([]byte, squashfsSuperSz)
	if _, err := f.ReadAt(super, 0); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(super) != squashfsMagic {
		return errors.New("mksquashfs wrote no squashfs image")
	}
	ref := binary.LittleEndian.Uint64(super[squashfsRoot:])
	block := int64(binary.LittleEndian.Uint64(super[squashfsInodes:]) + ref>>16)
	offset := int64(ref&0xffff) + squashfsTime
	for i, b := range binary.LittleEndian.AppendUint32(nil, seconds) {
		at := offset + int64(i)
		// An inode may go on in the next block.
		from := block + at/squashfsBlock*(squashfsBlock+2)
		var head [2]byte
		if _, err := f.ReadAt(head[:], from); err != nil {
			return err
		}
		if binary.LittleEndian.Uint16(head[:])&squashfsPlain == 0 {
			return errors.New("the inodes are compressed")
		}
		if _, err := f.WriteAt([]byte{b}, from+2+at%squashfsBlock); err != nil {
			return err
		}
	}
	return nil
}
