// Command launch is the runner's right hand: it does what needs a raw system call or a fork boundary, and decides nothing.
//
// It is resident (one per runner) and speaks JSON lines: a request {"n","op",...} on stdin, a reply {"n","error"?|"result"} on stdout,
// in any order. It ends when stdin closes. What it holds on behalf of sandboxes that do not run yet (pooled network namespaces, user
// namespaces) are file descriptors only, so its death leaks nothing; what already runs does not depend on it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// The main goroutine keeps the main thread: namespace work happens on threads that are thrown away, and the main thread cannot be.
func init() { runtime.LockOSThread() }

type request struct {
	N  int64  `json:"n"`
	Op string `json:"op"`
}

type reply struct {
	N      int64  `json:"n"`
	Result any    `json:"result,omitempty"`
	Error  string `json:"error,omitempty"`
}

var operations = map[string]func(json.RawMessage) (any, error){
	"start":         operation(start),
	"claim":         operation(claim),
	"kill":          operation(kill),
	"slots.make":    operation(makeSlots),
	"slots.drop":    operation(dropSlot),
	"slots.network": operation(networkOf),
	"disk.prepare":  operation(prepareDisk),
	"disk.create":   operation(createVolume),
	"disk.copy":     operation(copyVolume),
	"disk.swap":     operation(swapVolumes),
	"disk.delete":   operation(deleteVolume),
	"disk.limit":    operation(resizeVolume),
	"disk.usage":    operation(volumeUsage),
	"disk.sweep":    operation(sweepQgroups),
	"links.destroy": operation(destroyLinks),
}

func operation[I any, O any](run func(I) (O, error)) func(json.RawMessage) (any, error) {
	return func(raw json.RawMessage) (any, error) {
		var input I
		if err := json.Unmarshal(raw, &input); err != nil {
			return nil, err
		}
		return run(input)
	}
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "hold" {
		holdNamespace()
		return
	}
	if len(os.Args) == 2 && os.Args[1] == "relay" {
		if err := runRelay(); err != nil {
			os.Exit(1)
		}
		return
	}
	// The runner may be killed without a chance to close our stdin (a child of it could hold the pipe).
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		fmt.Fprintln(os.Stderr, "launch: pdeathsig:", err)
		os.Exit(1)
	}
	var output sync.Mutex
	encoder := json.NewEncoder(os.Stdout)
	lines := bufio.NewReaderSize(os.Stdin, 64<<10)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var head request
		if err := json.Unmarshal(line, &head); err != nil {
			fmt.Fprintln(os.Stderr, "launch: bad request:", err)
			os.Exit(1)
		}
		go func() {
			answer := reply{N: head.N}
			if run, known := operations[head.Op]; !known {
				answer.Error = "unknown operation " + head.Op
			} else if result, err := run(line); err != nil {
				answer.Error = err.Error()
			} else {
				answer.Result = result
			}
			output.Lock()
			defer output.Unlock()
			_ = encoder.Encode(answer)
		}()
	}
}
