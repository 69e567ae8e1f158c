package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The tests talk to an agent in this process over a real socket. Its reaper owns all waits here, so no test may use os/exec.
var (
	subject *agent
	base    string // folder of the tests, reachable for uid 1000
	client  *http.Client
)

// asAgent makes this test binary run as the agent itself (for the tests of PID 1 and of the passed socket).
const asAgent = "MIOSA_AGENT_TEST_SOCKET"

func TestMain(m *testing.M) {
	if socket, ok := os.LookupEnv(asAgent); ok {
		c := defaultConfig("/", "/")
		c.state = os.Getenv(asAgent + "_STATE")
		if err := run(source{socket: socket}, c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	var err error
	if base, err = os.MkdirTemp("/tmp", "agent-test-"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(base)
	must(os.Chmod(base, 0o755))
	must(os.Mkdir(base+"/workspace", 0o755))
	must(os.Lchown(base+"/workspace", 1000, 1000))
	tuneMemory()
	must(prepareProcess())
	c := defaultConfig(base+"/workspace", base)
	c.state = base + "/state"
	subject, err = newAgent(c)
	must(err)
	listener, err := net.Listen("unix", base+"/agent.sock")
	must(err)
	server := newServer(subject)
	go server.Serve(listener)
	client = clientOf(base + "/agent.sock")
	code := m.Run()
	subject.processes.shutdown()
	_ = server.Close()
	if left := children(); len(left) > 0 {
		fmt.Println("FAIL: the tests left processes behind:", left)
		return 1
	}
	return code
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func clientOf(socket string) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
}

// children are the processes whose parent is this one.
func children() (pids []string) {
	time.Sleep(20 * time.Millisecond)
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		stat, _ := os.ReadFile(name)
		_, rest, _ := strings.Cut(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid()) {
			pids = append(pids, string(stat))
		}
	}
	return pids
}

// folder is a fresh folder of the user sandbox.
func folder(t *testing.T) string {
	t.Helper()
	name, err := os.MkdirTemp(base+"/workspace", "t-")
	must(err)
	must(os.Chmod(name, 0o755))
	must(os.Lchown(name, 1000, 1000))
	return name
}

// answer is a response read to its end.
type answer struct {
	status  int
	header  http.Header
	trailer http.Header
	body    []byte
}

func (a answer) code() string {
	var f struct{ Code string }
	_ = json.Unmarshal(a.body, &f)
	return f.Code
}

func send(t *testing.T, method, target string, body any, headers ...string) answer {
	t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	case []byte:
		reader = bytes.NewReader(b)
	case io.Reader:
		reader = b
	default:
		text, err := json.Marshal(b)
		must(err)
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, "http://agent"+target, reader)
	must(err)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	return answer{response.StatusCode, response.Header, response.Trailer, text}
}

type object = map[string]any

type execResult struct {
	Stdout, Stderr, ProcessID string
	ExitCode                  int
	Signal                    *string
	DurationMs                int64
	TimedOut, Truncated       bool
}

func execute(t *testing.T, request object) execResult {
	t.Helper()
	got := send(t, "POST", "/exec", request)
	if got.status != 200 {
		t.Fatalf("exec: %d %s", got.status, got.body)
	}
	var result execResult
	must(json.Unmarshal(got.body, &result))
	return result
}

func start(t *testing.T, request object) processView {
	t.Helper()
	got := send(t, "POST", "/processes", request)
	if got.status != 201 {
		t.Fatalf("start: %d %s", got.status, got.body)
	}
	var view processView
	must(json.Unmarshal(got.body, &view))
	t.Cleanup(func() { send(t, "POST", "/processes/"+view.ID+"/signal", object{"signal": "KILL"}) })
	return view
}

func lookUp(t *testing.T, id string) (view processView) {
	t.Helper()
	must(json.Unmarshal(send(t, "GET", "/processes/"+id, nil).body, &view))
	return view
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 500 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("did not happen: " + what)
}

func expect[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func expectFault(t *testing.T, got answer, code string) {
	t.Helper()
	if got.code() != code || got.status != statuses[code] {
		t.Errorf("got %d %s, want %s", got.status, got.body, code)
	}
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: acts as another user")
	}
}
