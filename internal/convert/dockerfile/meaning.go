// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"fmt"
	"reflect"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Meaning is a script's syntax tree without what a shell doesn't see: where things stand,
// and comments.
func Meaning(script string) (string, bool) {
	f, err := parse(script)
	if err != nil {
		return "", false
	}
	return meaning(f.Stmts), true
}

func meaning(stmts []*syntax.Stmt) string {
	var b strings.Builder
	dump(&b, reflect.ValueOf(stmts))
	return b.String()
}

// dump writes a part of a syntax tree.
func dump(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			dump(b, v.Elem())
		}
	case reflect.Slice:
		b.WriteString("[")
		for i := range v.Len() {
			dump(b, v.Index(i))
			b.WriteString(",")
		}
		b.WriteString("]")
	case reflect.Struct:
		b.WriteString(v.Type().Name() + "{")
		for i := range v.NumField() {
			switch v.Field(i).Type() {
			case reflect.TypeFor[syntax.Pos](), reflect.TypeFor[[]syntax.Comment]():
				continue
			}
			dump(b, v.Field(i))
			b.WriteString(";")
		}
		b.WriteString("}")
	default:
		fmt.Fprintf(b, "%#v", v)
	}
}
