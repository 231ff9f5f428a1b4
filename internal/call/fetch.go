// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package call

import (
	"fmt"
	"math"
	"slices"

	"github.com/opencontainers/go-digest"
)

// FetchUsage is the subcommand fetch and what it takes.
const FetchUsage = fetchName + " [--image] [--secret FILE] [--digest DIGEST] [--size BYTES] [--limit BYTES] [--report FILE] OUT URL..."

const fetchName = "fetch"

// Fetch gets a file from servers that want a login.
type Fetch struct {
	// Image says that logins are those of the image that the helper runs in; Secret is
	// a file that has some, and that goes before; empty for none.
	Image  bool
	Secret string
	// Digest is the file's; empty for whatever is there.
	Digest digest.Digest
	// Size is the file's, in bytes; 0 where it isn't known. Limit is the most that is
	// taken then.
	Size, Limit int64
	// Report is the file that gets a [FetchFailure], with which the helper ends well; empty
	// lets it fail.
	Report string
	// Out is the file, and URLs are its addresses, the preferred one first.
	Out  string
	URLs []string
}

// FetchFailure is why a file could not be had.
type FetchFailure struct {
	// Status is the HTTP status of the last server; 0 if it didn't answer, or gave
	// something else than what was asked for.
	Status int `json:"status,omitempty"`
	// Text says so in words.
	Text string `json:"text"`
}

// Args are the helper's arguments.
func (c Fetch) Args() []string {
	number := func(name string, n int64) []string {
		if n == 0 {
			return nil
		}
		return Value(name, fmt.Sprint(n))
	}
	return slices.Concat([]string{fetchName}, Switch("image", c.Image), Value("secret", c.Secret), Value("digest", c.Digest.String()),
		number("size", c.Size), number("limit", c.Limit), Value("report", c.Report), Operands(append([]string{c.Out}, c.URLs...)...))
}

// ParseFetch reads the arguments after the name.
func ParseFetch(args []string) (Fetch, error) {
	var c Fetch
	set := Flags(fetchName)
	set.BoolVar(&c.Image, "image", false, "")
	set.StringVar(&c.Secret, "secret", "", "")
	set.StringVar((*string)(&c.Digest), "digest", "", "")
	set.Int64Var(&c.Size, "size", 0, "")
	set.Int64Var(&c.Limit, "limit", 0, "")
	set.StringVar(&c.Report, "report", "", "")
	if err := Parse(set, args, 2, math.MaxInt); err != nil {
		return c, err
	}
	c.Out, c.URLs = set.Arg(0), set.Args()[1:]
	if c.Size < 0 || c.Limit < 0 {
		return c, &ArgumentsError{fetchName, fmt.Errorf("a size of %d and a limit of %d bytes", c.Size, c.Limit)}
	}
	if c.Digest != "" {
		if err := c.Digest.Validate(); err != nil {
			return c, &ArgumentsError{fetchName, err}
		}
	}
	return c, nil
}
