// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"bufio"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// echo prints its arguments; that of sh undoes backslashes.
func echo(c *Call) error {
	args, end, escapes := c.Args[1:], "\n", c.is == dash
	letters := "neE"
	if c.is == dash { // it knows nothing but one -n
		letters = ""
		if len(args) > 0 && args[0] == "-n" {
			end, args = "", args[1:]
		}
	}
	for letters != "" && len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' && strings.Trim(args[0][1:], letters) == "" {
		for _, letter := range args[0][1:] {
			switch letter {
			case 'n':
				end = ""
			case 'e':
				escapes = true
			default:
				escapes = escapes && c.is == ash // busybox passes over it
			}
		}
		args = args[1:]
	}
	text := strings.Join(args, " ")
	if escapes && strings.Contains(text, "\\") {
		var stop bool
		if text, stop = unbackslash(text); stop {
			end = ""
		}
	}
	return c.Print(text + end)
}

// unbackslash undoes the backslashes of echo; stop says that \c ended the text.
func unbackslash(text string) (out string, stop bool) {
	var b strings.Builder
	simple := map[byte]byte{'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', '\\': '\\'}
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		to, ok := simple[text[i]]
		switch {
		case ok:
			b.WriteByte(to)
		case text[i] == 'c':
			return b.String(), true
		case text[i] == '0':
			end := i + 1
			for end < len(text) && end < i+4 && text[end] >= '0' && text[end] <= '7' {
				end++
			}
			n, _ := strconv.ParseUint("0"+text[i+1:end], 8, 16)
			b.WriteByte(byte(n))
			i = end - 1
		default:
			b.WriteByte('\\')
			b.WriteByte(text[i])
		}
	}
	return b.String(), false
}

func cat(c *Call) error {
	_, files, err := c.Options("u")
	if err != nil {
		return err
	}
	if len(files) == 0 {
		files = []string{"-"}
	}
	failed := false
	for _, f := range files {
		texts, err := c.inputs([]string{f})
		if failed = failed || errors.Is(err, os.ErrNotExist); errors.Is(err, os.ErrNotExist) {
			_, _ = io.WriteString(c.Stderr, "cat: "+f+": No such file or directory\n")
			continue
		}
		if err != nil {
			return err
		}
		if err := c.Print(texts[0]); err != nil {
			return err
		}
	}
	if failed {
		return Status(1)
	}
	return nil
}

// count is the number after -n or -c, or in -3.
func (c *Call) count() (n int, bytes, from bool, files []string, err error) {
	args := slices.Clone(c.Args)
	if len(args) > 1 && len(args[1]) > 1 && args[1][0] == '-' && strings.Trim(args[1][1:], "0123456789") == "" {
		args = slices.Concat(args[:1], []string{"-n", args[1][1:]}, args[2:])
	}
	own := *c
	own.Args = args
	opt, files, err := own.Options("n: lines=n: c: bytes=c: q quiet=q")
	if err != nil {
		return 0, false, false, nil, err
	}
	text := "10"
	if opt.Has("n", "c") {
		text = opt.Value("n") + opt.Value("c")
	}
	rest, from := strings.CutPrefix(text, "+")
	n, err = strconv.Atoi(rest)
	if err != nil || n < 0 {
		return 0, false, false, nil, refuse("its number %s isn't followed", text)
	}
	if len(files) > 1 && !opt.Has("q") {
		return 0, false, false, nil, refuse("it has more than one file")
	}
	return n, opt.Has("c"), from, files, nil
}

// parts are a text's bytes or lines.
func parts(text string, bytes bool) []string {
	if bytes {
		return strings.Split(text, "")
	}
	return slices.Collect(strings.Lines(text))
}

func head(c *Call) error {
	n, bytes, from, files, err := c.count()
	if err != nil || from {
		return orRefuse(err, "its number isn't followed")
	}
	texts, err := c.inputs(files)
	if err != nil {
		return err
	}
	for _, text := range texts {
		if bytes {
			text = text[:min(n, len(text))]
		} else {
			all := parts(text, false)
			text = strings.Join(all[:min(n, len(all))], "")
		}
		if err := c.Print(text); err != nil {
			return err
		}
	}
	return nil
}

func orRefuse(err error, why string) error {
	if err != nil {
		return err
	}
	return refuse("%s", why)
}

func last(c *Call) error {
	n, bytes, from, files, err := c.count()
	if err != nil || bytes {
		return orRefuse(err, "its option -c isn't followed")
	}
	texts, err := c.inputs(files)
	if err != nil {
		return err
	}
	for _, text := range texts {
		all := parts(text, false)
		start := max(0, len(all)-n)
		if from {
			start = min(max(0, n-1), len(all))
		}
		if err := c.Print(strings.Join(all[start:], "")); err != nil {
			return err
		}
	}
	return nil
}

func tee(c *Call) error {
	opt, files, err := c.Options("a append=a")
	if err != nil {
		return err
	}
	texts, err := c.inputs(nil)
	if err != nil {
		return err
	}
	for _, f := range files {
		how := os.O_TRUNC
		if opt.Has("a") {
			how = os.O_APPEND
		}
		file, err := c.Files().open(c.Path(f), os.O_WRONLY|os.O_CREATE|how, os.FileMode(c.mode(0o666)))
		if err != nil {
			return err
		}
		if _, err := io.WriteString(file, texts[0]); err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return c.Print(texts[0])
}

func wc(c *Call) error {
	opt, files, err := c.Options("l lines=l c bytes=c w words=w")
	if err != nil {
		return err
	}
	if len(files) > 0 || len(opt) != 1 {
		return refuse("it isn't followed with files, or more than one number")
	}
	texts, err := c.inputs(nil)
	if err != nil {
		return err
	}
	n := len(texts[0])
	switch {
	case opt.Has("l"):
		n = strings.Count(texts[0], "\n")
	case opt.Has("w"):
		n = len(strings.Fields(texts[0]))
	}
	return c.Print(strconv.Itoa(n) + "\n")
}

func seq(c *Call) error {
	var n []int
	for _, a := range c.Args[1:] {
		i, err := strconv.ParseInt(a, 10, 32) // differences of such numbers are ints, too
		if err != nil || len(n) == 3 {
			return refuse("it isn't followed")
		}
		n = append(n, int(i))
	}
	first, step, end := 1, 1, 0
	switch len(n) {
	case 1:
		end = n[0]
	case 2:
		first, end = n[0], n[1]
	case 3:
		first, step, end = n[0], n[1], n[2]
	}
	if len(n) == 0 || step == 0 || (end-first)/step > 100_000 {
		return refuse("it isn't followed")
	}
	return c.buffered(func(w *bufio.Writer) error {
		for i := first; step > 0 && i <= end || step < 0 && i >= end; i += step {
			_, _ = w.WriteString(strconv.Itoa(i) + "\n")
		}
		return nil
	})
}
