package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// startTimeOf reads field 22 of /proc/<pid>/stat: with the pid it names one process for the life of the machine.
func startTimeOf(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The command name may hold spaces and parentheses; fields are counted after the last one.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 || fields[0][0] == 'Z' || fields[0][0] == 'X' {
		return 0, errors.New("process has ended")
	}
	return strconv.ParseInt(string(fields[19]), 10, 64)
}

type killRequest struct {
	Pid       int   `json:"pid"`
	StartTime int64 `json:"startTime"`
	TimeoutMs int   `json:"timeoutMs"`
}

type killResult struct {
	Gone bool `json:"gone"`
}

// kill ends exactly that process (never a later one with its number) and waits for its end. Killing init ends its whole pid namespace.
func kill(r killRequest) (killResult, error) {
	handle, err := unix.PidfdOpen(r.Pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return killResult{Gone: true}, nil
	}
	if err != nil {
		return killResult{}, err
	}
	defer unix.Close(handle)
	if now, err := startTimeOf(r.Pid); err != nil || now != r.StartTime {
		return killResult{Gone: true}, nil
	}
	if err := unix.PidfdSendSignal(handle, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return killResult{}, err
	}
	deadline := time.Now().Add(time.Duration(r.TimeoutMs) * time.Millisecond)
	for {
		left := int(time.Until(deadline).Milliseconds())
		if left < 0 {
			return killResult{}, nil
		}
		events := []unix.PollFd{{Fd: int32(handle), Events: unix.POLLIN}}
		if n, err := unix.Poll(events, left); n > 0 {
			return killResult{Gone: true}, nil
		} else if err != nil && !errors.Is(err, unix.EINTR) {
			return killResult{}, err
		}
	}
}
