// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// machine is a build file of two images for a machine: an initramfs, and the disk
// that it goes on with.
const machine = `args: {BASE: null}
layers:
  - files:
      - {dest: /busybox, from: "$BASE", source: /usr/bin/busybox}
      - {dest: /init, source: init, mode: "0755"}
      - {dest: /modules/, source: modules/}
      - {dest: /dev, directory: true}
      - {dest: /disk, directory: true}
targets:
  disk:
    layers:
      - files:
          - {dest: /bin/busybox, from: "$BASE", source: /usr/bin/busybox}
          - {dest: /bin/sh, symlink: busybox}
          - {dest: /sbin/init, source: disk-init, mode: "0755"}
          - {dest: /etc/word, content: "from the disk\n"}
          - {dest: /dev, directory: true}
`

const machineInit = `#!/busybox sh
/busybox mount -t devtmpfs dev /dev
for module in /modules/*.ko; do /busybox insmod "$module"; done
echo "the initramfs runs as $(/busybox id -u)"
/busybox mount -t erofs -o ro /dev/vda /disk
exec /busybox switch_root /disk /sbin/init
`

const diskInit = `#!/bin/sh
echo "the disk runs, $(/bin/busybox cat /etc/word), $(/bin/busybox stat -f -c %t /)"
/bin/busybox poweroff -f
`

// erofsMagic is how statfs(2) calls the file system, in hexadecimal.
const erofsMagic = "e0f5e1e2"

// TestBoot boots a kernel into a cpio archive, which mounts an erofs image and goes
// on there.
func TestBoot(t *testing.T) {
	h := newHouse(t)
	files := map[string]string{"strata.yaml": machine, "init": machineInit, "disk-init": diskInit}
	for _, module := range testenv.KernelModules(t) {
		data, err := os.ReadFile(module)
		if err != nil {
			t.Fatal(err)
		}
		files["modules/"+filepath.Base(module)] = string(data)
	}
	dir, out := directory(t, files), t.TempDir()
	h.mustBuild(t, "--progress=quiet", "--target", "default,disk", "-o", "type=oci,dest="+out+"/{target}.tar", dir)
	initramfs, disk := filepath.Join(out, "initramfs"), filepath.Join(out, "disk")
	h.cli.MustRun(t, "export", "oci-archive:"+out+"/default.tar", "-o", "type=cpio,compression=gzip,dest="+initramfs)
	h.cli.MustRun(t, "export", "oci-archive:"+out+"/disk.tar", "-o", "type=erofs,dest="+disk)
	console := testenv.Boot(t, initramfs, disk)
	for _, want := range []string{"the initramfs runs as 0", "the disk runs, from the disk, " + erofsMagic} {
		if !strings.Contains(console, want) {
			t.Errorf("the console does not show %q:\n%s", want, console)
		}
	}
}
