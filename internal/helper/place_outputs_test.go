// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/call"
)

// Outputs give what a tree gives that has each of them at its destination.
func TestPlaceOutputs(t *testing.T) {
	base := []string{
		"d 0755 0:0 /usr/bin", "d 0755 0:0 /usr/lib", "l 0:0 /bin usr/bin", "d 1777 0:0 /tmp", "d 0700 0:0 /root", "d 2775 1000:50 /data",
		"l 0:0 /app/link ../data", "l 0:0 /dangling gone",
	}
	root := []string{
		"f 0755 7:7 /out/app binary", "l 7:7 /out/latest app", "d 0750 7:7 /work/modules", "f 4755 7:8 /work/modules/a/tool x", "h /work/modules/b /work/modules/a/tool",
		"l 7:7 /work/modules/link ../gone", "d 0711 7:7 /work/modules/link2", "f 0600 7:7 /work/modules/link2/file y", "l 0:0 /abs /work/modules", "p 0640 7:7 /out/fifo",
		"h /other/tool /work/modules/a/tool",
	}
	modules := []string{"f 4755 7:8 %/a/tool x", "h %/b %/a/tool", "l 7:7 %/link ../gone", "d 0711 7:7 %/link2", "f 0600 7:7 %/link2/file y"}
	at := func(lines []string, dest string) []string {
		return strings.Split(strings.ReplaceAll(strings.Join(lines, "\n"), "%", dest), "\n")
	}
	for _, c := range []struct {
		name, outputs string
		flags         string
		staged        []string
	}{
		{"a file, into a directory of the base", "/out/app//usr/bin/", "", []string{"d 0755 0:0 /usr/bin", "f 0755 7:7 /usr/bin/app binary"}},
		{"through a link of the base", "/out/app//bin/", "", []string{"d 0755 0:0 /bin", "f 0755 7:7 /bin/app binary"}},
		{"under another name, in the place of a link", "/out/app//bin", "", []string{"f 0755 7:7 /bin binary"}},
		{"a link is followed, and keeps its name", "/out/latest//tmp/x/", "", []string{"d 0755 0:0 /tmp/x", "f 0755 7:7 /tmp/x/latest binary"}},
		{"a directory", "/work/modules//app/modules", "", append(at(modules, "/app/modules"), "d 0755 0:0 /app", "d 0750 7:7 /app/modules")},
		{"the contents of a directory", "/work/modules//data/", "--chown /data=5:6", append(at(modules, "/data"), "d 0755 5:6 /data")},
		{"into a new directory", "/abs//srv/www/", "--chown /srv/www=5:6", append(at(modules, "/srv/www"), "d 0755 0:0 /srv", "d 0755 5:6 /srv/www")},
		{"owners are kept", "/abs//srv/www", "--preserve-owner", append(at(modules, "/srv/www"), "d 0755 0:0 /srv", "d 0750 7:7 /srv/www")},
		{"where a link leads, and where one dangles", "/work/modules//app/link/ /out/fifo//dangling/x", "", append(at(modules, "/app/link"), "d 0755 0:0 /app/link", "d 0755 0:0 /dangling", "p 0640 7:7 /dangling/x")},
		{"no link joins two outputs", "/work/modules//a /other/tool//b", "--chown /b=9:9", append(at(modules, "/a"), "d 0750 7:7 /a", "f 4755 7:8 /b x")},
		{"what a pattern matches, into a directory", "/out/*//usr/bin/", "--chown /usr/bin=5:6", []string{
			"d 0755 5:6 /usr/bin", "f 0755 7:7 /usr/bin/app binary", "f 0755 7:7 /usr/bin/latest binary", "p 0640 7:7 /usr/bin/fifo",
		}},
		{"directories among them, and among the pattern's", "/wor*/modules/*k2//opt/x/ /work/mod*/a/to?l//tmp/", "", []string{
			"d 0755 0:0 /opt", "d 0755 0:0 /opt/x", "d 0711 7:7 /opt/x/link2", "f 0600 7:7 /opt/x/link2/file y", "f 4755 7:8 /tmp/tool x",
		}},
		{"the only match, under another name", "/out/a*//opt/program /abs/*nk2//bin", "", []string{"d 0755 0:0 /opt", "f 0755 7:7 /opt/program binary", "d 0711 7:7 /bin", "f 0600 7:7 /bin/file y"}},
		{"without what is excluded", "/work/modules//m -a", "", []string{
			"d 0750 7:7 /m", "f 4755 7:8 /m/b x", "l 7:7 /m/link ../gone", "d 0711 7:7 /m/link2", "f 0600 7:7 /m/link2/file y",
		}},
		{"what is included, with the directories above it", "/work/modules//m/ +**/fil*", "", []string{"d 0755 0:0 /m", "d 0711 7:7 /m/link2", "f 0600 7:7 /m/link2/file y"}},
		{"exceptions of what is excluded", "/work/modules//m -* -!link2/file /abs//app/link/ +link2 +b -link2/*", "", []string{
			"d 0750 7:7 /m", "d 0711 7:7 /m/link2", "f 0600 7:7 /m/link2/file y", "d 0755 0:0 /app", "d 0755 0:0 /app/link", "f 4755 7:8 /app/link/b x", "d 0711 7:7 /app/link/link2",
		}},
		{"of each match of a pattern, and of no file", "/work/mod*//m/ +a +link /out/app//m2 +nothing", "", []string{
			"d 0755 0:0 /m", "d 0750 7:7 /m/modules", "d 0755 0:0 /m/modules/a", "f 4755 7:8 /m/modules/a/tool x", "l 7:7 /m/modules/link ../gone", "f 0755 7:7 /m2 binary",
		}},
		{"to the root", "/work/modules//", "", append(at(modules, ""), "d 0755 0:0 /")},
	} {
		t.Run(c.name, func(t *testing.T) {
			flags := append([]string{"--skeleton", skeletonOf(t, build(t, base...))}, strings.Fields(c.flags)...)
			want, _ := place(t, build(t, c.staged...), flags...)
			for _, o := range strings.Fields(c.outputs) {
				switch {
				case o[0] == '+':
					flags = append(flags, "--include", o[1:])
				case o[0] == '-':
					flags = append(flags, "--exclude", o[1:])
				case strings.Contains(o, "*"):
					flags = append(flags, "--match", o)
				default:
					flags = append(flags, "--output", o)
				}
			}
			got, _ := place(t, build(t, root...), flags...)
			if diff := cmp.Diff(listing(t, want), listing(t, got)); diff != "" {
				t.Errorf("layer (-of a tree +of outputs):\n%s", diff)
			}
		})
	}
}

func TestPlaceSaysWhichOutputIsMissing(t *testing.T) {
	src := build(t, "f 0644 0:0 /a 1", "l 0:0 /gone b", "l 0:0 /loop loop")
	for i, missing := range []string{"/none", "/a/none", "/gone", "/none/deeper"} {
		args := []string{"place"}
		for range i {
			args = append(args, "--output", "/a//"+strings.Repeat("x", len(args)))
		}
		status, errs := callMain(append(args, "--output", missing+"//b", src, t.TempDir())...)
		if status != call.MissingOutput+i || errs != "" {
			t.Errorf("status %d: %s, want %d", status, errs, call.MissingOutput+i)
		}
	}
	for pattern, want := range map[string]int{"/*.none//b": call.MissingOutput, "/a/*//b": call.MissingOutput, "/*a*//b/": 0, "/g*//b": call.DanglingOutput, "/[ag]*//b": call.SeveralOutputs} {
		if status, errs := callMain("place", "--match", pattern, src, t.TempDir()); status != want {
			t.Errorf("%s: status %d: %s, want %d", pattern, status, errs, want)
		}
	}
	status, errs := callMain("place", "--output", "/loop//b", src, t.TempDir())
	if status != ownFault || !strings.Contains(errs, "in a circle") {
		t.Errorf("status %d: %s", status, errs)
	}
}
