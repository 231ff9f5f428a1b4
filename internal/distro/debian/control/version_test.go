// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"errors"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	debversion "github.com/knqyf263/go-deb-version"
)

func TestCompareVersions(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"1", "1", 0},
		{"1", "2", -1},
		{"10", "9", 1},
		{"1.0", "1.00", 0},
		{"1", "1-0", 0},
		{"1-0", "1-1", -1},
		{"0:1", "1", 0},
		{"1:1", "2", 1},
		{"10:1", "9:1", 1},
		{"1~rc1", "1", -1},
		{"1~~", "1~", -1},
		{"1~", "1-1", -1},
		{"1a", "1+", -1},
		{"1a", "1.", -1},
		{"1A", "1a", -1},
		{"1-1-1", "1-1", 1},
		{"1-a-2", "1-b-1", -1},
		{"1.2.3-1ubuntu1", "1.2.3-1", 1},
		{"7.88.1-10+deb12u5", "7.88.1-10+deb12u12", -1},
		{"99999999999999999999999", "99999999999999999999998", 1},
		{"", "", 0},
		{"", "~", 1},
		{"a:1", "1", 1},
	} {
		if got := sign(CompareVersions(c.a, c.b)); got != c.want {
			t.Errorf("%q and %q: %d, want %d", c.a, c.b, got, c.want)
		}
		if got := sign(CompareVersions(c.b, c.a)); got != -c.want {
			t.Errorf("%q and %q: %d, want %d", c.b, c.a, got, -c.want)
		}
	}
}

func sign(n int) int { return max(-1, min(1, n)) }

// randomVersion makes a version that dpkg takes, often nearly equal to others.
func randomVersion(r *rand.Rand) string {
	part := func(alphabet string, most int) string {
		b := make([]byte, r.IntN(most))
		for i := range b {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
		return string(b)
	}
	v := string("0123456789"[r.IntN(10)]) + part("0019.+~aZ-", 8)
	if r.IntN(3) == 0 {
		v = string("0123"[r.IntN(4)]) + ":" + v
	}
	if r.IntN(2) == 0 || strings.HasSuffix(v, "-") {
		v += "-" + string("0123456789"[r.IntN(10)]) + part("0019.+~aZ", 5)
	}
	return v
}

// TestCompareVersionsDpkg asks dpkg itself, a process a pair: so only some.
func TestCompareVersionsDpkg(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		a, b := randomVersion(r), randomVersion(r)
		words := []string{"lt", "eq", "gt"}
		err := exec.Command("dpkg", "--compare-versions", a, words[sign(CompareVersions(a, b))+1], b).Run()
		var exit *exec.ExitError
		switch {
		case errors.As(err, &exit):
			t.Errorf("dpkg does not find %q %s %q", a, words[sign(CompareVersions(a, b))+1], b)
		case err != nil:
			t.Fatal(err)
		}
	}
}

// TestCompareVersionsOther compares with another reading of the rules.
func TestCompareVersionsOther(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 100_000 {
		a, b := randomVersion(r), randomVersion(r)
		va, errA := debversion.NewVersion(a)
		vb, errB := debversion.NewVersion(b)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if got, want := sign(CompareVersions(a, b)), sign(va.Compare(vb)); got != want {
			t.Fatalf("%q and %q: %d, want %d", a, b, got, want)
		}
	}
}
