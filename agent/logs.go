package main

import (
	"bytes"
	"net/http"
)

// maxTail is the largest number of log lines a call (contract 1.13).
const maxTail = 10000

// processLogs answers with the last lines kept of each stream.
func (a *agent) processLogs(w http.ResponseWriter, r *http.Request) error {
	p, err := a.processes.get(r.PathValue("id"))
	if err != nil {
		return err
	}
	tail, err := queryInt(r, "tail", 200, 0, maxTail)
	if err != nil {
		return err
	}
	streams, truncated := p.logs()
	out, cutOut := lastLines(streams[0], int(tail))
	errs, cutErrs := lastLines(streams[1], int(tail))
	return writeJSON(w, http.StatusOK, map[string]any{"stdout": string(out), "stderr": string(errs), "truncated": truncated || cutOut || cutErrs})
}

// logs separates what is kept into stdout and stderr; truncated: the beginning was overwritten.
func (p *process) logs() (streams [2][]byte, truncated bool) {
	p.recall()
	p.mu.Lock()
	defer p.mu.Unlock()
	chunk := chunks.Get().(*[chunkBytes]byte)
	defer chunks.Put(chunk)
	for at := p.log.start; ; {
		n, kind := p.log.read(at, chunk[:])
		if n == 0 {
			return streams, p.log.start > 0
		}
		streams[kind-1] = append(streams[kind-1], chunk[:n]...)
		at += int64(n)
	}
}

// lastLines cuts text to its last n lines.
func lastLines(text []byte, n int) (lines []byte, cut bool) {
	at := len(bytes.TrimSuffix(text, []byte("\n")))
	for ; n > 0; n-- {
		if at = bytes.LastIndexByte(text[:at], '\n'); at < 0 {
			return text, false
		}
	}
	if len(text) == 0 {
		return text, false
	}
	return bytes.TrimPrefix(text[at:], []byte("\n")), true
}
