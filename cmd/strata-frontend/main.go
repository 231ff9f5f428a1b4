// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Command strata-frontend is the frontend image's program. BuildKit runs it for
// build files that start with "# syntax=".
package main

import (
	"fmt"
	"os"

	"github.com/moby/buildkit/frontend/gateway/grpcclient"
	"github.com/moby/buildkit/util/appcontext"
	_ "github.com/moby/buildkit/util/grpcutil/encoding/proto" // BuildKit's faster codec

	"github.com/strata-build/strata/cmd/internal/heap"
	"github.com/strata-build/strata/frontend"
)

func main() {
	heap.CollectFrom(heap.Enough)
	if err := grpcclient.RunFromEnvironment(appcontext.Context(), frontend.Build); err != nil {
		fmt.Fprintln(os.Stderr, "strata-frontend:", err)
		os.Exit(1)
	}
}
