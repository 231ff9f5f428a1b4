// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package scratch

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func writeFile(t *testing.T, file, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(file), 0o755))
	must(t, os.WriteFile(file, []byte(text), 0o644))
}

func pemOf(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

// unpacked is a directory with the files of an archive, with their owners.
func unpacked(t *testing.T, archive string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "rootfs")
	must(t, os.Mkdir(root, 0o755))
	testenv.Output(t, "tar", "-xpf", archive, "--numeric-owner", "-C", root)
	must(t, os.Remove(archive))
	return root
}

// startAs runs a program's commands in its image by runc, as a user.
func startAs(t *testing.T, root string, uid int, p program, url string) {
	t.Helper()
	own := fmt.Sprintf("/tmp/%d", uid)
	must(t, os.Mkdir(root+own, 0o755))
	must(t, os.Chown(root+own, uid, uid))
	fill := strings.NewReplacer("$T", own, "$URL", url)
	writeFile(t, root+own+"/own.conf", fill.Replace(nginxConf))
	said := ""
	for _, words := range p.run {
		var args []string
		for _, w := range words {
			args = append(args, fill.Replace(w))
		}
		out, err := runc(t, root, uid, args)
		if err != nil {
			t.Errorf("%d: %q: %v\n%s", uid, args, err, out)
			return
		}
		said = out
	}
	if !strings.Contains(said, p.says) {
		t.Errorf("as %d it says\n%s\nwant %q", uid, said, p.says)
	}
}

// runc runs a command in a root, with the machine's network and nothing else of it.
func runc(t *testing.T, root string, uid int, args []string) (string, error) {
	t.Helper()
	mount := func(to, kind string, options ...string) map[string]any {
		return map[string]any{"destination": to, "type": kind, "source": kind, "options": options}
	}
	// What a container engine gives root.
	capabilities := []string{"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_SETUID", "CAP_SETGID"}
	if uid != 0 {
		capabilities = nil
	}
	spec := map[string]any{
		"ociVersion": "1.0.2",
		"process": map[string]any{
			"user": map[string]int{"uid": uid, "gid": uid}, "args": args, "cwd": "/", "noNewPrivileges": true,
			"capabilities": map[string]any{"bounding": capabilities, "effective": capabilities, "permitted": capabilities},
			"env":          []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp"},
		},
		"root": map[string]any{"path": root},
		"mounts": []any{
			mount("/proc", "proc"), mount("/dev", "tmpfs", "nosuid", "strictatime", "mode=755"), mount("/sys", "sysfs", "ro"),
		},
		"linux": map[string]any{"namespaces": []map[string]string{{"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}}},
	}
	bundle := t.TempDir()
	text, err := json.Marshal(spec)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(bundle, "config.json"), text, 0o644))
	id := strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name())) + fmt.Sprintf("-%d-%d", os.Getpid(), uid)
	cmd := exec.CommandContext(t.Context(), "runc", "--root", filepath.Join(bundle, "state"), "run", "--bundle", bundle, id)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
