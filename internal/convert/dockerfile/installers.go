// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

// installer is how a tool for packages is called in Dockerfiles.
type installer struct {
	// name is the tool, and its other names.
	names []string
	// install are the subcommands that install, upgrade those that bring all packages up to
	// date as a layer of packages does, update those that fetch lists, and clean those that
	// drop them.
	install, upgrade, update, clean []string
	// flags are options that say nothing, or what packages does anyhow; a = at the end takes
	// any value.
	flags []string
	// bare are options that leave out recommended packages.
	bare []string
	// recommends says that the tool takes recommended packages unless it is told not to.
	recommends bool
	// lists are what people remove afterwards.
	lists []string
}

func installers() []installer {
	return []installer{
		{
			names: []string{"apt-get", "apt"}, install: []string{"install"}, upgrade: []string{"upgrade"}, update: []string{"update"},
			clean: []string{"clean", "autoclean", "dist-clean", "distclean"},
			flags: []string{
				"-y", "--yes", "--assume-yes", "-q", "-qq", "--quiet", "-qy", "-yq", "-qqy", "-yqq", "--no-install-suggests", "-f", "--fix-missing",
				"-o=Dpkg::Use-Pty=0", "--no-upgrade", "--force-yes", "--with-new-pkgs",
			},
			bare: []string{"--no-install-recommends", "--without-recommends", "-o=APT::Install-Recommends=false", "-o=APT::Install-Recommends=0"}, recommends: true,
			lists: []string{
				"/var/lib/apt/lists/*", "/var/lib/apt/lists", "/var/lib/apt/lists/", "/var/cache/apt/*", "/var/cache/apt/archives/*", "/var/cache/apt",
				"/var/lib/apt/lists/partial/*", "/var/cache/apt/archives/*.deb", "/var/cache/apt/*.bin", "/var/cache/debconf/*-old",
			},
		},
		{
			names: []string{"apk"}, install: []string{"add"}, upgrade: []string{"upgrade"}, update: []string{"update"}, clean: []string{"cache"},
			flags: []string{"--no-cache", "-q", "--quiet", "-U", "--update", "--update-cache", "--no-progress", "--progress", "--no-interactive"},
			lists: []string{"/var/cache/apk/*", "/var/cache/apk", "/var/cache/apk/", "/etc/apk/cache"},
		},
		{
			names: []string{"dnf", "microdnf", "yum"}, install: []string{"install"}, update: []string{"makecache"}, clean: []string{"clean"},
			flags: []string{"-y", "--assumeyes", "-q", "--quiet", "--best", "--refresh"},
			bare:  []string{"--setopt=install_weak_deps=False", "--setopt=install_weak_deps=0", "--setopt=install_weak_deps=false"}, recommends: true,
			lists: []string{"/var/cache/dnf", "/var/cache/yum", "/var/cache/dnf/*", "/var/cache/yum/*"},
		},
	}
}
