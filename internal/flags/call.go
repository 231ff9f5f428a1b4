// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"fmt"

	"github.com/moby/buildkit/frontend/subrequests"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/frontend/subrequests/outline"
	"github.com/moby/buildkit/frontend/subrequests/targets"
)

// Call is a question to the frontend instead of a build.
type Call struct {
	// Request is the frontend's name for the question; empty to build.
	Request string
	// JSON asks for the answer as JSON.
	JSON bool
	// Raw asks for the answer as BuildKit's own tools read it.
	Raw bool
	// Explain asks for a plan in words.
	Explain bool
	// IgnoreStatus makes findings count as success.
	IgnoreStatus bool
}

// ParseCall reads --call: METHOD[,format=text|json][,ignorestatus=true].
func ParseCall(word string) (Call, error) {
	var call Call
	if word == "" {
		return call, nil
	}
	method, rest, err := splitMethod(word)
	if err != nil {
		return call, fmt.Errorf("--call %q: %w", word, err)
	}
	switch method {
	case "build":
	case "check", "lint":
		call.Request = lint.RequestLint
	case "outline":
		call.Request = outline.RequestSubrequestsOutline
	case "targets":
		call.Request = targets.RequestTargets
	case "strata.plan", "strata.graph", "strata.llb", "strata.lock", "strata.test":
		call.Request = "frontend." + method
	case "subrequests.describe":
		call.Request = subrequests.RequestSubrequestsDescribe
	default:
		return call, fmt.Errorf("--call %q: unknown method %q (build, check, outline or targets)", word, method)
	}
	for _, f := range rest {
		switch {
		case f.key == "format" && (f.value == "json" || f.value == "text"):
			call.JSON = f.value == "json"
		case f.key == "format" && f.value == "raw" && method == "strata.llb":
			call.Raw = true
		case f.key == "format" && f.value == "explain" && method == "strata.plan":
			call.Explain = true
		case f.key == "ignorestatus" && (f.value == "true" || f.value == "false"):
			call.IgnoreStatus = f.value == "true"
		default:
			return call, fmt.Errorf("--call %q: unknown %s=%s (format=text|json, ignorestatus=true|false)", word, f.key, f.value)
		}
	}
	return call, nil
}
