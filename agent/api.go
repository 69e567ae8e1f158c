package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxJSON is the largest JSON body: write-many carries 32 MiB of files (contract 6).
const maxJSON = 32 << 20

// config is fixed at start.
type config struct {
	state     string // folder for what outlives the machine's processes; "": nothing does
	workspace string
	sandbox   account
	root      account
}

// agent serves the protocol.
type agent struct {
	config     config
	privileged bool // root: can act as the user sandbox
	processes  *processTable
	terminals  *terminalTable
	base       atomic.Pointer[map[string]string] // environment of PUT /env
	oomScore   []byte                            // of every command
	trim       *trimmer
	booting    sync.Mutex
	watchers   atomic.Int32 // streams of GET /files/watch
	mux        *http.ServeMux
}

func newAgent(c config) (*agent, error) {
	processes, err := newProcessTable(c.state)
	if err != nil {
		return nil, err
	}
	a := &agent{config: c, privileged: os.Geteuid() == 0, processes: processes, terminals: newTerminalTable(), oomScore: commandOomScore(), trim: newTrimmer(), mux: http.NewServeMux()}
	a.base.Store(&map[string]string{})
	a.restore()
	a.routes()
	return a, nil
}

// handler answers or returns an error, never both.
type handler func(w http.ResponseWriter, r *http.Request) error

// fileHandler does so for files of the tree.
type fileHandler func(in tree, w http.ResponseWriter, r *http.Request) error

func (a *agent) routes() {
	for pattern, handle := range map[string]handler{
		"GET /health":                   a.health,
		"PUT /env":                      a.putEnvironment,
		"POST /tidy":                    a.tidy,
		"POST /exec":                    a.exec,
		"POST /exec/stream":             a.execStream,
		"POST /processes":               a.startProcess,
		"GET /processes":                a.listProcesses,
		"GET /processes/{id}":           a.getProcess,
		"DELETE /processes/{id}":        a.deleteProcess,
		"POST /processes/{id}/signal":   a.signalProcess,
		"POST /processes/{id}/stop":     a.stopProcess,
		"POST /processes/{id}/stdin":    a.writeStdin,
		"GET /processes/{id}/stream":    a.streamProcess,
		"GET /processes/{id}/logs":      a.processLogs,
		"POST /processes/boot":          a.bootProcesses,
		"GET /processes/{id}/readiness": a.processReadiness,
		"GET /ports":                    a.listPorts,
		"GET /tunnel/{port}":            a.tunnel,
		"POST /terminals":               a.openTerminal,
		"GET /terminals":                a.listTerminals,
		"GET /terminals/{id}":           a.getTerminal,
		"POST /terminals/{id}/resize":   a.resizeTerminal,
		"DELETE /terminals/{id}":        a.endTerminal,
		"GET /terminals/{id}/attach":    a.attachTerminal,
	} {
		a.route(pattern, handle)
	}
	for pattern, handle := range map[string]fileHandler{
		"GET /files":             a.listFiles,
		"GET /files/stat":        a.statFile,
		"GET /files/watch":       a.watchFiles,
		"GET /files/content":     a.readFile,
		"PUT /files/content":     a.putFile,
		"DELETE /files/content":  a.deleteFile,
		"POST /files/mkdir":      a.makeFolder,
		"POST /files/rename":     a.renameFile,
		"POST /files/copy":       a.copyFile,
		"POST /files/chmod":      a.changeMode,
		"POST /files/write-many": a.writeMany,
		"GET /files/archive":     a.getArchive,
		"PUT /files/archive":     a.putArchive,
		"POST /files/manifest":   a.getManifest,
		"POST /files/pack":       a.postPack,
	} {
		a.route(pattern, func(w http.ResponseWriter, r *http.Request) error { return handle(everything, w, r) })
		// A path of its own, and not a parameter: an agent that does not know it answers 404 instead of leaving the workspace.
		confined := strings.Replace(pattern, " /files", " /confined/files", 1)
		a.route(confined, func(w http.ResponseWriter, r *http.Request) error { return handle(tree{a.config.workspace}, w, r) })
	}
}

func (a *agent) route(pattern string, handle handler) {
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if err := handle(w, r); err != nil {
			writeFault(w, asFault(err, "The request"))
		}
	})
}

// ServeHTTP finds the route; what the routes do not know is answered in the protocol's own form.
func (a *agent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer a.trim.touch()
	defer func() {
		failure := recover()
		if failure == nil {
			return
		}
		if failure == http.ErrAbortHandler { //nolint:errorlint // net/http compares it this way too
			panic(failure)
		}
		writeFault(w, newFault("INTERNAL", "The sandbox agent failed at this request."))
	}()
	if _, pattern := a.mux.Handler(r); pattern != "" {
		a.mux.ServeHTTP(w, r)
		return
	}
	a.unknownRoute(w, r)
}

func (a *agent) unknownRoute(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := a.mux.Handler(probe); pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		writeFault(w, newFault("NOT_FOUND", "There is no such route."))
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	writeFault(w, newFault("METHOD_NOT_ALLOWED", "This route takes %s.", strings.Join(allowed, ", ")))
}

func (a *agent) health(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]any{"ok": true, "version": version})
}

func (a *agent) putEnvironment(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Vars  map[string]string `json:"vars"`
		Trust string            `json:"trust"`
	}
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	if err := checkEnvironment("vars", body.Vars); err != nil {
		return err
	}
	base := map[string]string{}
	if body.Trust != "" {
		base = trustVariables()
	}
	// The sandbox may have made its list of certificates unusable; that is no reason to keep its environment from it.
	if err := setTrust(body.Trust); err != nil {
		fmt.Fprintln(os.Stderr, "agent: egress authority:", err)
	}
	for name, value := range body.Vars {
		base[name] = value
	}
	a.base.Store(&base)
	return succeeded(w)
}

// newServer applies the limits on clients. Bodies and answers have no time limit: uploads and streams take as long as they take, and only
// the platform's own processes can reach the socket.
func newServer(a *agent) *http.Server {
	return &http.Server{Handler: a, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
}

// readJSON decodes the body. Unknown fields are ignored (contract 1.1); a wrong type is 422, malformed JSON 400.
func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxJSON))
	err := decoder.Decode(into)
	if err == nil {
		_, err = decoder.Token()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			return newFault("BAD_REQUEST", "The body has text after its JSON value.")
		}
	}
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		return invalid(wrongType.Field, "must not be a JSON %s", wrongType.Value)
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return newFault("BAD_REQUEST", "The body is not valid JSON.")
}

func writeJSON(w http.ResponseWriter, status int, value any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // fails only when the client is gone
	return nil
}

func succeeded(w http.ResponseWriter) error {
	return writeJSON(w, http.StatusOK, map[string]bool{"success": true})
}

func writeFault(w http.ResponseWriter, f *fault) {
	body := map[string]any{"code": f.code, "message": f.message}
	if f.details != nil {
		body["details"] = f.details
	}
	_ = writeJSON(w, statuses[f.code], body)
}
