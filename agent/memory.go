package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// gcPercent: the runtime's first collection is at 4 MiB × percent / 100, so the usual 100 would let an idle agent hold 4 MiB of garbage.
	gcPercent   = 25
	memoryLimit = 64 << 20 // soft: above it the collector works harder rather than growing
	// spareThreads are made at start. When a command uses up the process limit of the sandbox, the kernel refuses new threads as well, and
	// the Go runtime ends the program if it needs one then: PID 1 must not depend on getting more.
	spareThreads = 16
	// maxProcs bounds threads and per-processor caches on large hosts; one serves requests while the other reads output.
	maxProcs  = 2
	idleDelay = time.Second
)

func tuneMemory() {
	runtime.GOMAXPROCS(maxProcs)
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)
	go spareSomeThreads(spareThreads) // beside the start-up, which need not wait for it
}

// spareSomeThreads makes n threads exist at the same time; the runtime keeps them for later.
func spareSomeThreads(n int) {
	var all, left sync.WaitGroup
	all.Add(n)
	left.Add(n)
	for range n {
		go func() {
			runtime.LockOSThread()
			all.Done()
			all.Wait()
			runtime.UnlockOSThread()
			left.Done()
		}()
	}
	left.Wait()
}

// commandOomScore is the agent's own oom_score_adj plus 300 (of 1000, proc_pid_oom_score_adj(5)): when the sandbox's memory is used up by many
// small processes the kernel must not take the agent, which as PID 1 would take the sandbox along.
func commandOomScore() []byte {
	text, _ := os.ReadFile("/proc/self/oom_score_adj")
	own, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return strconv.AppendInt(nil, int64(min(own+300, 1000)), 10)
}

// trimmer gives memory back to the system once requests have stopped for idleDelay.
type trimmer struct{ timer *time.Timer }

// chunkBytes is the size of the buffers that move bytes: large enough to make system calls cheap, and held only while bytes move.
const chunkBytes = 64 << 10

var chunks = sync.Pool{New: func() any { return new([chunkBytes]byte) }}

func newTrimmer() *trimmer {
	t := &trimmer{timer: time.AfterFunc(time.Hour, func() {
		runtime.GC() // sync.Pool gives its buffers up at the second collection, which FreeOSMemory does
		debug.FreeOSMemory()
	})}
	t.timer.Stop() // a collection touches memory itself: not before there was work
	return t
}

func (t *trimmer) touch() { t.timer.Reset(idleDelay) }
