package main

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func TestRingGivesBackExactlyTheLastBytesOfEachStream(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		r := ring{max: 1 + random.IntN(300)}
		var all, kinds []byte
		for range random.IntN(60) {
			data := make([]byte, random.IntN(120))
			for i := range data {
				data[i] = byte(random.Uint32())
			}
			kind := uint8(1 + random.IntN(2))
			r.append(kind, data)
			all = append(all, data...)
			kinds = append(kinds, bytes.Repeat([]byte{kind}, len(data))...)
			if random.IntN(30) == 0 {
				r.freeze()
			}
		}
		if r.end != int64(len(all)) || r.end-r.start > int64(r.max) || r.start < 0 {
			t.Fatalf("round %d: start %d end %d max %d of %d", round, r.start, r.end, r.max, len(all))
		}
		chunk := make([]byte, 1+random.IntN(50))
		for at := r.start; at < r.end; {
			n, kind := r.read(at, chunk)
			if n == 0 || !bytes.Equal(chunk[:n], all[at:at+int64(n)]) || bytes.Count(kinds[at:at+int64(n)], []byte{kind}) != n {
				t.Fatalf("round %d: wrong bytes at %d", round, at)
			}
			at += int64(n)
		}
	}
}

func TestRingKeepsAsMuchAsItMay(t *testing.T) {
	r := ring{max: 1000}
	for range 50 {
		r.append(stdout, make([]byte, 100))
	}
	expect(t, "kept", r.end-r.start, 1000)
}

func TestRingOfAlternatingBytesStaysSmall(t *testing.T) {
	r := ring{max: logMax}
	for i := range 300_000 {
		r.append(uint8(1+i%2), []byte{'x'})
	}
	if r.held() > 2*logMax || len(r.segs) > maxSegments {
		t.Errorf("holds %d bytes in %d segments", r.held(), len(r.segs))
	}
	n, _ := r.read(r.start, make([]byte, 10))
	expect(t, "readable", n, 1)
}
