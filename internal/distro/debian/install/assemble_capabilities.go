// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro/noshell"
)

// capabilityAttribute is where a file has its capabilities.
const capabilityAttribute = "security.capability"

// capabilityNames are the kernel's, by their numbers; see capability.h.
func capabilityNames() []string {
	return []string{
		"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap", "linux_immutable",
		"net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot",
		"sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease",
		"audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read",
		"perfmon", "bpf", "checkpoint_restore",
	}
}

// setcap gives a file capabilities: a list of names, and +ep or =ep.
func setcap(c *noshell.Call) error {
	args := slices.DeleteFunc(slices.Clone(c.Args[1:]), func(s string) bool { return s == "-q" })
	if len(args) != 2 || strings.HasPrefix(args[0], "-") {
		return noshell.Refuse("it isn't followed")
	}
	names, flags, ok := strings.Cut(strings.Replace(args[0], "=", "+", 1), "+")
	if !ok || strings.Trim(flags, "ep") != "" || !strings.Contains(flags, "p") {
		return noshell.Refuse("its flags aren't followed")
	}
	var bits uint64
	for name := range strings.SplitSeq(names, ",") {
		at := slices.Index(capabilityNames(), strings.TrimPrefix(strings.ToLower(name), "cap_"))
		if at < 0 {
			return noshell.Refuse("%s isn't known", name)
		}
		bits |= 1 << at
	}
	// The second revision: a word with the flag for effective, and two of each set.
	head := uint32(0x02000000)
	if strings.Contains(flags, "e") {
		head |= 1
	}
	var data []byte
	for _, word := range []uint32{head, uint32(bits), 0, uint32(bits >> 32), 0} {
		data = binary.LittleEndian.AppendUint32(data, word)
	}
	file := c.Path(args[1])
	if _, err := c.Files().Stat(file, true); err != nil {
		return err
	}
	if err := c.Files().Touched(file); err != nil {
		return err
	}
	return unix.Setxattr(c.Files().At(file), capabilityAttribute, data, 0)
}

// getcap prints nothing of a file that has none.
func getcap(c *noshell.Call) error {
	for _, arg := range c.Args[1:] {
		if strings.HasPrefix(arg, "-") {
			return noshell.Refuse("it isn't followed")
		}
		_, err := unix.Getxattr(c.Files().At(c.Path(arg)), capabilityAttribute, nil)
		switch {
		case err == nil:
			return noshell.Refuse("what it prints isn't followed")
		case !errors.Is(err, unix.ENODATA) && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, unix.ENOTSUP):
			return err
		}
	}
	return nil
}
