// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package maintscript

import "slices"

// test follows test(1) where it needs no more than the words.
func (r *reader) test(args []value) Truth {
	if args[0].text == "[" {
		if len(args) < 2 || args[len(args)-1].text != "]" {
			return Unknown
		}
		args = args[:len(args)-1]
	}
	return r.expression(args[1:])
}

func (r *reader) expression(args []value) Truth {
	for _, op := range []string{"-o", "-a"} {
		if i := slices.IndexFunc(args, func(a value) bool { return a.known && a.text == op }); i > 0 && i < len(args)-1 {
			left, right := r.expression(args[:i]), r.expression(args[i+1:])
			if op == "-o" {
				return or(left, right)
			}
			return or(left.not(), right.not()).not()
		}
	}
	if len(args) > 0 && args[0].known && args[0].text == "!" {
		return r.expression(args[1:]).not()
	}
	switch len(args) {
	case 0:
		return False
	case 1:
		return r.unary("-n", args[0])
	case 2:
		if args[0].known {
			return r.unary(args[0].text, args[1])
		}
	case 3:
		if args[1].known && slices.Contains([]string{"-nt", "-ot", "-ef"}, args[1].text) {
			r.asked("-e", args[0])
			r.asked("-e", args[2])
			return Unknown
		}
		if args[1].known {
			return compare(args[1].text, args[0], args[2])
		}
	}
	return Unknown
}

func or(a, b Truth) Truth {
	switch {
	case a == True || b == True:
		return True
	case a == False && b == False:
		return False
	default:
		return Unknown
	}
}

func (r *reader) unary(op string, v value) Truth {
	switch {
	case op == "-n" && v.known:
		return truth(v.text != "")
	case op == "-z" && v.known:
		return truth(v.text == "")
	case op == "-n" || op == "-z":
		return Unknown
	}
	return r.asked(op, v)
}

// asked is what is said of a file.
func (r *reader) asked(op string, file value) Truth {
	if r.opt.Test == nil {
		return Unknown
	}
	if !file.known {
		file.text = ""
	}
	answer := r.opt.Test(op, file.text)
	if !file.known {
		return Unknown
	}
	return answer
}

func compare(op string, a, b value) Truth {
	if !a.known || !b.known {
		return Unknown
	}
	switch op {
	case "=", "==":
		return truth(a.text == b.text)
	case "!=":
		return truth(a.text != b.text)
	}
	return Unknown
}
