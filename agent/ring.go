package main

import "sort"

// Output streams of a process.
const (
	stdout = uint8(1)
	stderr = uint8(2)
)

// maxSegments bounds the bookkeeping of a process that alternates single bytes on both streams: 8192 × 16 bytes = 128 KiB.
const maxSegments = 8192

// ring keeps the last max bytes of a process's output, both streams in the order they were read. An offset counts the bytes of both
// streams since the start. The byte at offset o is at buf[o % max]; until max is reached buf only grows, so a quiet process costs little.
type ring struct {
	buf   []byte
	max   int
	start int64 // oldest offset kept
	end   int64 // offset of the next byte
	segs  []segment
}

// segment is a run of bytes of one stream that ends before offset end.
type segment struct {
	end  int64
	kind uint8
}

func (r *ring) append(kind uint8, data []byte) {
	if len(data) == 0 {
		return
	}
	for rest := data; len(rest) > 0 && r.max > 0; {
		at := int((r.end + int64(len(data)-len(rest))) % int64(r.max))
		if at == len(r.buf) {
			n := min(len(rest), r.max-at)
			r.buf = append(r.buf, rest[:n]...)
			rest = rest[n:]
			continue
		}
		rest = rest[copy(r.buf[at:], rest):]
	}
	r.end += int64(len(data))
	if last := len(r.segs) - 1; last >= 0 && r.segs[last].kind == kind {
		r.segs[last].end = r.end
	} else {
		r.segs = append(r.segs, segment{r.end, kind})
	}
	r.start = max(r.start, r.end-int64(r.max))
	r.trim()
}

// trim forgets the segments that were overwritten, and the oldest ones above maxSegments.
func (r *ring) trim() {
	drop := 0
	for drop < len(r.segs) && r.segs[drop].end <= r.start {
		drop++
	}
	if len(r.segs)-drop > maxSegments {
		drop = len(r.segs) - maxSegments/2
		r.start = r.segs[drop-1].end
	}
	if drop > 0 && (drop >= len(r.segs)/2 || drop > 64) {
		r.segs = append(r.segs[:0], r.segs[drop:]...)
	}
}

// read copies bytes of one stream from offset at; n is 0 at the end. The offset must be kept (start ≤ at ≤ end).
func (r *ring) read(at int64, into []byte) (n int, kind uint8) {
	if at >= r.end {
		return 0, 0
	}
	i := sort.Search(len(r.segs), func(i int) bool { return r.segs[i].end > at })
	n = int(min(int64(len(into)), r.segs[i].end-at))
	from := int(at % int64(r.max))
	copied := copy(into[:n], r.buf[from:])
	copy(into[copied:n], r.buf)
	return n, r.segs[i].kind
}

// align makes room for bytes that begin at an offset above 0: the byte at offset o is at o % max.
func (r *ring) align() {
	r.buf = make([]byte, r.start%int64(r.max), r.max)
	if r.start >= int64(r.max) {
		r.buf = r.buf[:r.max]
	}
}

// freeze stops growth: a finished process keeps what it holds and no more.
func (r *ring) freeze() {
	if len(r.buf) < r.max {
		r.max = len(r.buf)
	}
}

// drop forgets all bytes; offsets go on counting.
func (r *ring) drop() {
	r.buf, r.segs, r.max, r.start = nil, nil, 0, r.end
}

// held is the memory in use, in bytes.
func (r *ring) held() int { return cap(r.buf) + 16*cap(r.segs) }
