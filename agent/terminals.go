package main

import (
	"sort"
	"sync"
	"time"
)

// terminalTable knows the terminals that run, and for a while those that ended.
type terminalTable struct {
	mu      sync.Mutex
	byID    map[string]*terminal
	running int
}

func newTerminalTable() *terminalTable { return &terminalTable{byID: map[string]*terminal{}} }

// reserve takes one of the places.
func (t *terminalTable) reserve() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running >= terminalsMax {
		f := newFault("CONFLICT", "%d terminals are open in this sandbox, which is the most there can be. End one first.", terminalsMax)
		f.details = map[string]any{"reason": "too_many_terminals", "limit": terminalsMax}
		return f
	}
	t.running++
	return nil
}

// release gives the place of one that could not be started back.
func (t *terminalTable) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running--
}

func (t *terminalTable) publish(one *terminal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byID[one.id] = one
}

// retire forgets an ended one afterExit, and at once the oldest ended one beyond as many as may run.
func (t *terminalTable) retire(one *terminal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running--
	var oldest *terminal
	ended := 0
	for _, other := range t.byID {
		select {
		case <-other.done:
			ended++
			if oldest == nil || other.id < oldest.id {
				oldest = other
			}
		default:
		}
	}
	if ended > terminalsMax {
		delete(t.byID, oldest.id)
	}
	time.AfterFunc(afterExit, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.byID, one.id)
	})
}

func (t *terminalTable) get(id string) (*terminal, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if one, ok := t.byID[id]; ok {
		return one, nil
	}
	return nil, newFault("NOT_FOUND", "There is no such terminal.")
}

// open lists those that run, oldest first.
func (t *terminalTable) open() []*terminal {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]*terminal, 0, len(t.byID))
	for _, one := range t.byID {
		select {
		case <-one.done:
		default:
			all = append(all, one)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].id < all[j].id })
	return all
}

// hangUp closes all terminals, which the kernel tells their sessions: shells ignore TERM but obey that.
func (t *terminalTable) hangUp() {
	for _, one := range t.open() {
		_ = one.master.Close()
	}
}
