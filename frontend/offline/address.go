// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"path"
	"strconv"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/gitutil"
)

const (
	// firstPort is the first number above all ports.
	firstPort = 1 << 16
	// nowhere is an address of this machine that no one listens at.
	nowhere = "git://127.0.0.1:1"

	// uploads is where BuildKit asks its own client for what that has on a stream.
	uploads = "http://buildkit-session/"

	imageScheme = "docker-image://"
	gitScheme   = "git://"
)

// image gives a reference with a digest a port that can't be reached; false says that it
// has no digest.
func image(ref string) (string, bool) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return ref, false
	}
	if _, pinned := named.(reference.Digested); !pinned {
		return ref, false
	}
	host, rest, _ := strings.Cut(named.String(), "/")
	name, port := splitPort(host)
	if port >= firstPort {
		return named.String(), true
	}
	return name + ":" + strconv.Itoa(firstPort+port) + "/" + rest, true
}

// Image is the reference that an image has outside of this package.
func Image(ref string) string {
	host, rest, ok := strings.Cut(ref, "/")
	name, port := splitPort(host)
	switch {
	case !ok || port < firstPort:
		return ref
	case port == firstPort:
		return name + "/" + rest
	}
	return name + ":" + strconv.Itoa(port-firstPort) + "/" + rest
}

// splitPort separates the port from a host; 0 if it has none.
func splitPort(host string) (name string, port int) {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || strings.HasSuffix(host, "]") {
		return host, 0
	}
	port, err := strconv.Atoi(host[i+1:])
	if err != nil {
		return host, 0
	}
	return host[:i], port
}

// file is a server's address without the server.
func file(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	return scheme + ":///" + strings.TrimLeft(rest, "/")
}

// repository moves a git source to where nothing is. What it would log in with is no part
// of what it is.
func repository(src *pb.SourceOp) (address string) {
	address = strings.TrimPrefix(src.Identifier, gitScheme)
	remote := address
	if full := src.Attrs[pb.AttrFullRemoteURL]; full != "" {
		remote = full
		_, fragment, has := strings.Cut(address, "#")
		address = full
		if has {
			address += "#" + fragment
		}
	}
	if !gitutil.IsGitTransport(remote) {
		remote = "https://" + remote
	}
	at := nowhere + "/repository"
	if u, err := gitutil.ParseURL(remote); err == nil {
		at = nowhere + path.Join("/", u.Host, u.Path)
	}
	_, fragment, has := strings.Cut(src.Identifier, "#")
	src.Identifier = at
	if has {
		src.Identifier += "#" + fragment
	}
	src.Attrs[pb.AttrFullRemoteURL] = at
	for _, login := range []string{pb.AttrAuthHeaderSecret, pb.AttrAuthTokenSecret, pb.AttrMountSSHSock, pb.AttrKnownSSHHosts} {
		delete(src.Attrs, login)
	}
	return address
}
