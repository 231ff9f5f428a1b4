// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package oracle holds internal/distro/debian/resolve against apt itself: seeded sets of
// packages from the archive that this machine's apt is configured for, each
// resolved by both on the same status. There is no code but the tests';
// hack/apt-oracle runs many sets, hack/test a few.
package oracle
