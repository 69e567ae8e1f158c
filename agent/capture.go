package main

import "sync/atomic"

const (
	captureMax = 4 << 20 // bytes kept per stream of a blocking exec (contract 4.2)
	// captureBudget bounds all captures together, so that 200 parallel floods do not take the sandbox's memory.
	captureBudget = 48 << 20
)

var captured atomic.Int64

// capture keeps the head of one stream; the rest is counted as cut.
type capture struct {
	data []byte
	cut  bool
}

func (c *capture) write(data []byte) {
	room := min(len(data), captureMax-len(c.data))
	if need := len(c.data) + room; need > cap(c.data) {
		c.grow(need)
	}
	room = min(room, cap(c.data)-len(c.data))
	c.data = append(c.data, data[:room]...)
	c.cut = c.cut || room < len(data)
}

// grow doubles, as far as the common budget allows.
func (c *capture) grow(need int) {
	size := min(max(2*cap(c.data), need, 512), captureMax)
	extra := int64(size - cap(c.data))
	if captured.Add(extra) > captureBudget {
		captured.Add(-extra)
		return
	}
	grown := make([]byte, len(c.data), size)
	copy(grown, c.data)
	c.data = grown
}

// release gives the memory back.
func (c *capture) release() {
	captured.Add(-int64(cap(c.data)))
	c.data = nil
}
