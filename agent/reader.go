package main

// reader follows the output of a process from an offset. While it is connected the pump does not overwrite what it has not got: a slow
// client slows the process down, as a terminal does, and loses nothing. A client that reads nothing at all is cut off by streamPatience.
type reader struct {
	proc *process
	at   int64
	run  int // the run of the process that was told of
	woke chan struct{}
}

// follow starts at offset from; negative means the oldest byte kept.
func (p *process) follow(from int64) (*reader, error) {
	p.recall()
	p.mu.Lock()
	defer p.mu.Unlock()
	if from < 0 {
		from = p.log.start
	}
	if from < p.log.start {
		f := newFault("GONE", "Output before offset %d was overwritten.", p.log.start)
		f.details = map[string]any{"oldest_offset": p.log.start}
		return nil, f
	}
	if from > p.log.end {
		return nil, invalid("offset", "only %d bytes were written so far", p.log.end)
	}
	r := &reader{proc: p, at: from, run: p.started, woke: make(chan struct{}, 1)}
	if p.readers == nil {
		p.readers = map[*reader]struct{}{}
	}
	p.readers[r] = struct{}{}
	return r, nil
}

// piece is what next found.
type piece struct {
	n     int
	kind  uint8
	atEnd bool // there is nothing after these bytes yet
	last  bool // and nothing can come
	again bool // the process was started again
	lost  bool // the bytes are gone: the memory of a finished process was needed
}

// next copies the following bytes of one stream without taking them.
func (r *reader) next(into []byte) piece {
	p := r.proc
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.at < p.log.start {
		return piece{lost: true}
	}
	again := r.run != p.started
	r.run = p.started
	n, kind := p.log.read(r.at, into)
	atEnd := r.at+int64(n) >= p.log.end
	return piece{n: n, kind: kind, again: again, atEnd: atEnd, last: atEnd && p.finished}
}

// advance frees what was delivered.
func (r *reader) advance(n int) {
	r.proc.mu.Lock()
	defer r.proc.mu.Unlock()
	r.at += int64(n)
	r.proc.unpause()
}

func (r *reader) close() {
	r.proc.mu.Lock()
	defer r.proc.mu.Unlock()
	delete(r.proc.readers, r)
	r.proc.unpause()
}

// unpause lets the pump read on; only once a good part of the ring is free, so that it does not stop again at once. p.mu is held.
func (p *process) unpause() {
	if p.room(readChunk) < min(readChunk, p.log.max) {
		return
	}
	for _, pipe := range p.pipes {
		if pipe.paused {
			pipe.paused = false
			_ = p.table.pump.arm(pipe)
		}
	}
}

// wake tells the readers that there is something new; p.mu is held.
func (p *process) wake() {
	for r := range p.readers {
		select {
		case r.woke <- struct{}{}:
		default:
		}
	}
}
