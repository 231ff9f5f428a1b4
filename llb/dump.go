// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/printable"
)

// Dump writes a definition for people: one operation a line, in the order of its
// needs, with inputs as the numbers of earlier lines. The same graph gives the
// same text.
func Dump(w io.Writer, def *bk.Definition) error {
	numbers := map[digest.Digest]int{}
	for i, dt := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(dt); err != nil {
			return fmt.Errorf("read operation %d: %w", i, err)
		}
		numbers[digest.FromBytes(dt)] = i + 1
		inputs := make([]string, len(op.Inputs))
		for j, in := range op.Inputs {
			inputs[j] = fmt.Sprintf("%d", numbers[digest.Digest(in.Digest)])
			if in.Index != 0 {
				inputs[j] += fmt.Sprintf(".%d", in.Index)
			}
		}
		if _, err := fmt.Fprintf(w, "%d %s\n", i+1, describe(&op, inputs)); err != nil {
			return err
		}
	}
	return nil
}

// describe says what an operation does.
func describe(op *pb.Op, in []string) string {
	switch o := op.Op.(type) {
	case *pb.Op_Source:
		return "source " + printable.Line(o.Source.Identifier) + attrs(o.Source.Attrs) + platform(op.Platform)
	case *pb.Op_Exec:
		return describeExec(o.Exec, in) + platform(op.Platform)
	case *pb.Op_File:
		return describeFile(o.File, in)
	case *pb.Op_Merge:
		return "merge " + strings.Join(in, " ")
	case *pb.Op_Diff:
		return "diff " + strings.Join(in, " ")
	case nil:
		return "result " + strings.Join(in, " ")
	default:
		return fmt.Sprintf("%T %s", o, strings.Join(in, " "))
	}
}

func platform(p *pb.Platform) string {
	if p == nil {
		return ""
	}
	s := " on " + printable.Line(p.OS+"/"+p.Architecture)
	if p.Variant != "" {
		s += "/" + printable.Line(p.Variant)
	}
	return s
}

func attrs(m map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if k != pb.AttrLocalUniqueID && k != pb.AttrLocalSessionID {
			out = append(out, fmt.Sprintf(" %s=%q", k, m[k]))
		}
	}
	return strings.Join(out, "")
}

func describeExec(e *pb.ExecOp, in []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "exec %q", e.Meta.Args)
	fmt.Fprintf(&b, "\n    cwd %s", printable.Line(e.Meta.Cwd))
	if e.Meta.User != "" {
		fmt.Fprintf(&b, " user %s", printable.Line(e.Meta.User))
	}
	fmt.Fprintf(&b, " network %s", strings.ToLower(e.Network.String()))
	for _, kv := range e.Meta.Env {
		fmt.Fprintf(&b, "\n    env %s", printable.Line(kv))
	}
	for _, m := range e.Mounts {
		from := "scratch"
		if m.Input >= 0 && int(m.Input) < len(in) {
			from = in[m.Input]
		}
		fmt.Fprintf(&b, "\n    mount %s from %s%s", printable.Line(m.Dest), from, printable.Line(m.Selector))
		if m.MountType != pb.MountType_BIND {
			fmt.Fprintf(&b, " %s", strings.ToLower(m.MountType.String()))
		}
		if m.Readonly {
			b.WriteString(" readonly")
		}
		if m.Output >= 0 {
			fmt.Fprintf(&b, " output %d", m.Output)
		}
	}
	for _, s := range e.Secretenv {
		fmt.Fprintf(&b, "\n    secret %s as %s", printable.Line(s.ID), printable.Line(s.Name))
	}
	return b.String()
}

func describeFile(f *pb.FileOp, in []string) string {
	var b strings.Builder
	b.WriteString("file")
	names := slices.Clone(in)
	for i, a := range f.Actions {
		names = append(names, fmt.Sprintf("action %d", i))
		on := ""
		if a.Input >= 0 && i == 0 && int(a.Input) < len(in) {
			on = " on " + in[a.Input]
		}
		fmt.Fprintf(&b, "%s\n    %s", on, printable.Line(describeAction(a, names)))
	}
	return b.String()
}

func describeAction(a *pb.FileAction, names []string) string {
	switch x := a.Action.(type) {
	case *pb.FileAction_Mkdir:
		return fmt.Sprintf("mkdir %s %04o%s", x.Mkdir.Path, x.Mkdir.Mode, owner(x.Mkdir.Owner))
	case *pb.FileAction_Mkfile:
		return fmt.Sprintf("mkfile %s %04o%s %q", x.Mkfile.Path, x.Mkfile.Mode, owner(x.Mkfile.Owner), abridged(x.Mkfile.Data))
	case *pb.FileAction_Symlink:
		return fmt.Sprintf("symlink %s -> %s%s", x.Symlink.Newpath, x.Symlink.Oldpath, owner(x.Symlink.Owner))
	case *pb.FileAction_Rm:
		return "rm " + x.Rm.Path
	case *pb.FileAction_Copy:
		return describeCopy(x.Copy, names[a.SecondaryInput])
	default:
		return fmt.Sprintf("%T", x)
	}
}

func describeCopy(c *pb.FileActionCopy, from string) string {
	s := fmt.Sprintf("copy %s from %s to %s%s", c.Src, from, c.Dest, owner(c.Owner))
	switch {
	case c.ModeStr != "":
		s += " mode " + c.ModeStr
	case c.Mode >= 0:
		s += fmt.Sprintf(" mode %04o", c.Mode)
	}
	for _, p := range c.IncludePatterns {
		s += " include " + p
	}
	for _, p := range c.ExcludePatterns {
		s += " exclude " + p
	}
	if c.AttemptUnpackDockerCompatibility {
		s += " unpack"
	}
	if c.Timestamp != -1 {
		s += fmt.Sprintf(" time %d", c.Timestamp/1e9)
	}
	return s
}

func owner(o *pb.ChownOpt) string {
	if o == nil {
		return ""
	}
	return " " + account(o.User) + ":" + account(o.Group)
}

func account(u *pb.UserOpt) string {
	if u == nil {
		return ""
	}
	if n := u.GetByName(); n != nil {
		return n.Name
	}
	return fmt.Sprint(u.GetByID())
}

// abridged keeps a file's content to what fits on a line.
func abridged(data []byte) string {
	const most = 60
	if len(data) > most {
		return string(data[:most]) + "…"
	}
	return string(data)
}
