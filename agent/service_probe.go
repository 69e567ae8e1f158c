package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	probeFirst   = 20 * time.Millisecond
	probeMost    = time.Second
	probeTime    = 5 * time.Second // of one attempt
	probeDefault = 60 * time.Second
)

// probe says how to find out that a service takes work (contract 4.2).
type probe struct {
	Type       string `json:"type"`
	Port       int    `json:"port,omitempty"`
	Path       string `json:"path,omitempty"`
	Command    string `json:"command,omitempty"`
	TimeoutSec int    `json:"timeoutSec,omitempty"`
}

// health is what the probe has found in this run.
type health struct {
	ready, gaveUp bool
	message       string
}

func (b *probe) validate() error {
	switch {
	case b.Type != "http" && b.Type != "tcp" && b.Type != "command":
		return invalid("readinessProbe.type", "must be http, tcp or command")
	case b.Type != "command" && (b.Port < 1 || b.Port > 65535):
		return invalid("readinessProbe.port", "must be 1 to 65535")
	case b.Type == "command" && (b.Command == "" || strings.ContainsRune(b.Command, 0)):
		return invalid("readinessProbe.command", "must be a command")
	case b.Path != "" && (b.Path[0] != '/' || strings.ContainsAny(b.Path, "\r\n \x00")):
		return invalid("readinessProbe.path", "must start with / and hold no spaces")
	case b.TimeoutSec < 0 || b.TimeoutSec > 3600:
		return invalid("readinessProbe.timeoutSec", "must be 1 to 3600")
	}
	return nil
}

// check starts the probing of the run that has just begun; p.mu is held.
func (p *process) check() {
	if p.service.probe != nil && !p.exited {
		go p.probeRun(p.run)
	}
}

// probeRun asks until the answer is right, the time is up or the run is over.
func (p *process) probeRun(run int) {
	b := p.service.probe
	limit := time.Duration(b.TimeoutSec) * time.Second
	if limit == 0 {
		limit = probeDefault
	}
	until := time.Now().Add(limit)
	for pause := probeFirst; ; pause = min(pause*3/2, probeMost) {
		err := p.agent.ask(p, b)
		p.mu.Lock()
		over := p.run != run || p.exited || p.finished
		if !over {
			p.service.health = health{ready: err == nil, message: "answers"}
			if err != nil {
				p.service.health = health{message: err.Error(), gaveUp: !time.Now().Before(until)}
			}
		}
		over = over || p.service.health.ready || p.service.health.gaveUp
		p.mu.Unlock()
		if over {
			return
		}
		time.Sleep(pause)
	}
}

// ask makes one attempt.
func (a *agent) ask(p *process, b *probe) error {
	ctx, cancel := context.WithTimeout(context.Background(), probeTime)
	defer cancel()
	switch b.Type {
	case "command":
		return a.askCommand(p, b)
	case "http":
		return askHTTP(ctx, b)
	}
	connection, err := dialInside(ctx, b.Port)
	if err != nil {
		return err
	}
	return connection.Close()
}

// dialInside connects to a port of the sandbox, by IPv4 or else IPv6.
func dialInside(ctx context.Context, port int) (net.Conn, error) {
	var dialer net.Dialer
	for _, host := range []string{"127.0.0.1", "::1"} {
		if connection, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port))); err == nil {
			return connection, nil
		}
	}
	return nil, fmt.Errorf("nothing listens on port %d", port)
}

// askHTTP takes 2xx and 3xx for an answer; redirects are not followed.
func askHTTP(ctx context.Context, b *probe) error {
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dialInside(ctx, b.Port) }}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, "GET", fmt.Sprintf("http://localhost:%d%s", b.Port, max(b.Path, "/")), nil)
	if err != nil {
		return fmt.Errorf("the path %s cannot be asked for", b.Path)
	}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("no answer on port %d", b.Port)
	}
	_ = answer.Body.Close()
	if answer.StatusCode >= 400 {
		return fmt.Errorf("port %d answered %d", b.Port, answer.StatusCode)
	}
	return nil
}

// askCommand runs the command as the service's user, in its folder and environment; exit code 0 is the answer.
func (a *agent) askCommand(p *process, b *probe) error {
	l := launch{argv: []string{"/bin/sh", "-lc", b.Command}, command: b.Command, cwd: p.cwd, env: p.launch.env, user: p.launch.user, timeout: probeTime, brief: true}
	asked, err := a.spawn(l)
	if err != nil {
		return asFault(err, b.Command)
	}
	<-asked.done
	asked.abandon()
	a.processes.remove(asked)
	asked.mu.Lock()
	defer asked.mu.Unlock()
	if code, _ := asked.outcome(); *code != 0 {
		return fmt.Errorf("the command exited with %d", *code)
	}
	return nil
}
