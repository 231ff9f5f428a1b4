// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/docker/go-units"
	"github.com/moby/buildkit/util/entitlements"
)

// hostGateway stands for the address of the machine that the daemon runs on.
const hostGateway = "host-gateway"

// ExtraHosts reads the values of --add-host, HOST:IP or HOST=IP. The daemon's
// gateway is only looked up when a value names it.
func ExtraHosts(words []string, gateway func() (string, error)) (string, error) {
	var out []string
	for _, word := range words {
		host, ips, ok := strings.Cut(word, "=")
		if !ok {
			host, ips, ok = strings.Cut(word, ":")
		}
		if !ok || host == "" || ips == "" {
			return "", fmt.Errorf("--add-host %q is not HOST:IP", word)
		}
		for ip := range strings.SplitSeq(ips, ",") {
			ip, err := hostAddress(ip, gateway)
			if err != nil {
				return "", fmt.Errorf("--add-host %q: %w", word, err)
			}
			out = append(out, host+"="+ip)
		}
	}
	return strings.Join(out, ","), nil
}

func hostAddress(s string, gateway func() (string, error)) (string, error) {
	if s == hostGateway {
		return gateway()
	}
	if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		s = s[1 : len(s)-1]
	}
	if net.ParseIP(s) == nil {
		return "", fmt.Errorf("%q is not an IP address", s)
	}
	return s, nil
}

// ShmSize reads --shm-size, a size with an optional unit, into bytes.
func ShmSize(word string) (string, error) {
	if word == "" {
		return "", nil
	}
	n, err := units.RAMInBytes(word)
	if err != nil || n < 0 {
		return "", fmt.Errorf("--shm-size %q is not a size such as 64m or 1g", word)
	}
	return strconv.FormatInt(n, 10), nil
}

// Ulimits reads the values of --ulimit: NAME=SOFT[:HARD].
func Ulimits(words []string) (string, error) {
	var out []string
	for _, word := range words {
		u, err := units.ParseUlimit(word)
		if err != nil {
			return "", fmt.Errorf("--ulimit %q: %w", word, err)
		}
		out = append(out, u.String())
	}
	return strings.Join(out, ","), nil
}

// Network reads --network. The result is the frontend's attribute, empty for
// the default, and the permission it takes.
func Network(mode string) (attr, entitlement string, err error) {
	switch mode {
	case "", "default":
		return "", "", nil
	case "none":
		return mode, "", nil
	case "host":
		return mode, entitlements.EntitlementNetworkHost.String(), nil
	}
	return "", "", fmt.Errorf("--network %q is not default, none or host", mode)
}

// Allow checks the values of --allow.
func Allow(words []string) ([]string, error) {
	for _, word := range words {
		if _, _, err := entitlements.Parse(word); err != nil {
			return nil, fmt.Errorf("--allow %q is not network.host, security.insecure or device", word)
		}
	}
	return words, nil
}
