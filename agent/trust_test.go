package main

import "testing"

func TestTrustIsAddedOnceAndTakenAwayWhole(t *testing.T) {
	const system = "-----BEGIN CERTIFICATE-----\nsystem\n-----END CERTIFICATE-----\n"
	first := withTrust([]byte(system), "one")
	second := withTrust(first, "two")
	if got, want := string(second), system+trustBegin+"two\n"+trustEnd; got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	if got := string(withTrust(second, "")); got != system {
		t.Fatalf("after it is taken away: %q", got)
	}
	if got := string(withTrust(append(second, "later\n"...), "")); got != system+"later\n" {
		t.Fatalf("what others added is kept: %q", got)
	}
	if got := string(withTrust([]byte(system+trustBegin+"cut off"), "")); got != system {
		t.Fatalf("a block without an end: %q", got)
	}
}
