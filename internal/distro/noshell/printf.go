// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A formatter is a call of printf.
type formatter struct {
	*Call
	args []string
	used bool // the format took an argument
	out  strings.Builder
	// wrong says that an argument isn't what it should be; stop, that one ended the output.
	wrong, stop bool
}

// printf prints by a format, which is used again as long as there are arguments.
func printf(c *Call) error {
	args := c.Args[1:]
	switch {
	case len(args) > 1 && args[0] == "--":
		args = args[1:]
	case len(args) == 0:
		return Status(2)
	case len(args[0]) > 1 && args[0][0] == '-':
		return refuse("its option %s isn't followed", args[0])
	}
	f := &formatter{Call: c, args: args[1:]}
	for {
		f.used = false
		if err := f.once(args[0]); err != nil {
			return err
		}
		if len(f.args) == 0 || !f.used || f.stop {
			break
		}
	}
	if err := c.Print(f.out.String()); err != nil {
		return err
	}
	if f.wrong {
		return Status(1)
	}
	return nil
}

// once goes over the format.
func (f *formatter) once(format string) error {
	for i := 0; i < len(format) && !f.stop; i++ {
		switch c := format[i]; {
		case c == '\\':
			text, n := unescape(format[i:], 3)
			f.out.WriteString(text)
			i += n - 1
		case c == '%' && strings.HasPrefix(format[i:], "%%"):
			f.out.WriteByte('%')
			i++
		case c == '%':
			n, err := f.directive(format[i:])
			if err != nil {
				return err
			}
			i += n - 1
		default:
			f.out.WriteByte(c)
		}
	}
	return nil
}

// unescape is what a backslash stands for, with the number of bytes that it takes; an
// octal number has so many digits at most.
func unescape(s string, digits int) (string, int) {
	if len(s) < 2 {
		return s, len(s)
	}
	if i := strings.IndexByte("abfnrtv\\", s[1]); i >= 0 {
		return "\a\b\f\n\r\t\v\\"[i : i+1], 2
	}
	end := 1
	for end < len(s) && end <= digits && s[end] >= '0' && s[end] <= '7' {
		end++
	}
	if end == 1 {
		return s[:1], 1
	}
	n, _ := strconv.ParseUint(s[1:end], 8, 32) // digits alone
	return string([]byte{byte(n)}), end
}

func (f *formatter) next() string {
	f.used = true
	if len(f.args) == 0 {
		return ""
	}
	arg := f.args[0]
	f.args = f.args[1:]
	return arg
}

// directive prints an argument, and returns how long its description is.
func (f *formatter) directive(s string) (int, error) {
	end := 1
	number := func() string {
		if end < len(s) && s[end] == '*' {
			end++
			return strconv.FormatInt(f.integer(f.next()), 10)
		}
		start := end
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		return s[start:end]
	}
	for end < len(s) && strings.IndexByte("#-+ 0", s[end]) >= 0 {
		end++
	}
	flags := s[1:end]
	width := number()
	if strings.HasPrefix(width, "-") {
		flags, width = flags+"-", width[1:]
	}
	precision, precise := "", false
	if end < len(s) && s[end] == '.' {
		end++
		precision, precise = number(), true
	}
	if end == len(s) || len(width) > 4 || len(precision) > 4 {
		return 0, refuse("its format isn't followed")
	}
	verb := s[end]
	how := "%" + flags + width
	if precise {
		how += "." + precision
	}
	return end + 1, f.print(how, verb, flags, width, precision, precise)
}

func (f *formatter) print(how string, verb byte, flags, width, precision string, precise bool) error {
	text := ""
	switch verb {
	case 'd', 'i':
		f.out.WriteString(fmt.Sprintf(how+"d", f.integer(f.next())))
		return nil
	case 'o', 'x', 'X':
		f.out.WriteString(fmt.Sprintf(how+string(verb), uint64(f.integer(f.next())))) //nolint:gosec // as C does
		return nil
	case 'u':
		f.out.WriteString(fmt.Sprintf(how+"d", uint64(f.integer(f.next())))) //nolint:gosec // as C does
		return nil
	case 's':
		text = f.next()
	case 'b':
		text = f.escaped(f.next())
	case 'c':
		if text = f.next(); text == "" {
			return refuse("it prints a zero byte")
		}
		text = text[:1]
	default:
		return refuse("its format isn't followed")
	}
	if n, _ := strconv.Atoi(precision); precise && verb != 'c' && n < len(text) {
		text = text[:n]
	}
	n, _ := strconv.Atoi(width)
	pad := strings.Repeat(" ", max(0, n-len(text)))
	if strings.Contains(flags, "-") {
		text, pad = text+pad, ""
	}
	f.out.WriteString(pad + text)
	return nil
}

// escaped is an argument of %b.
func (f *formatter) escaped(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], `\c`):
			f.stop = true
			return b.String()
		case s[i] == '\\':
			digits := 3
			if strings.HasPrefix(s[i:], `\0`) {
				digits = 4
			}
			text, n := unescape(s[i:], digits)
			b.WriteString(text)
			i += n - 1
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// integer is an argument that is to be a number; of what isn't one the start counts.
func (f *formatter) integer(text string) int64 {
	if text == "" {
		return 0
	}
	if len(text) > 1 && (text[0] == '\'' || text[0] == '"') {
		return int64(text[1])
	}
	text = strings.TrimLeft(text, " \t\n")
	for end := len(text); end > 0; end-- {
		n, err := strconv.ParseInt(text[:end], 0, 64)
		if err == nil && !strings.ContainsAny(text[:end], "_oO") && (!strings.ContainsAny(text[:end], "bB") || strings.ContainsAny(text[:end], "xX")) {
			f.mistake(end < len(text), text)
			return n
		}
	}
	f.mistake(true, text)
	return 0
}

func (f *formatter) mistake(is bool, text string) {
	if is {
		f.wrong = true
		_, _ = io.WriteString(f.Stderr, "printf: "+text+": expected numeric value\n")
	}
}
