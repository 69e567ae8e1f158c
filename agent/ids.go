package main

import (
	"crypto/rand"
	"time"
)

// Crockford's base 32, lower-case: no i, l, o, u; ASCII order is value order, so ids sort by time.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// newID is `<prefix>_` and 26 characters: 48 bits of milliseconds, then 80 random bits (the ULID layout, contract 1.8).
func newID(prefix string) string {
	id := make([]byte, 0, len(prefix)+27)
	id = append(append(id, prefix...), '_')
	now := uint64(time.Now().UnixMilli())
	for shift := 45; shift >= 0; shift -= 5 {
		id = append(id, alphabet[now>>shift&31])
	}
	return string(append(id, randomName(16)...))
}

// randomName is n random characters of 5 bits each.
func randomName(n int) string {
	name := make([]byte, n)
	_, _ = rand.Read(name) // never fails since Go 1.24
	for i := range name {
		name[i] = alphabet[name[i]&31]
	}
	return string(name)
}
