// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Command rooms draws which packages import which, as a Mermaid flowchart for
// docs/architecture.md. It reads "go list", so the picture cannot drift from the
// code; a test holds the page to it.
//
//	go run ./hack/rooms         # prints the picture
//	go test ./hack/rooms -update # writes it into docs/architecture.md
//
// A room is a directory whose packages belong together. An arrow from one room to
// another says that a package of the first imports one of the second. An arrow that
// other arrows imply is left out.
package main

import (
	"fmt"
	"os"
)

func main() {
	imports, err := goList(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "rooms:", err)
		os.Exit(1)
	}
	fmt.Print(picture(roomsOf(imports)))
}
