// Command agent is PID 1 of a sandbox. It serves exec, processes, files, ports and tunnels over a unix socket to the platform outside; whoever
// may open that socket may do everything in this sandbox, so there is no other credential. See README.md.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

// version is what GET /health says; a build may set another with -ldflags "-X main.version=…".
var version = "1.0.0"

func main() {
	socket := flag.String("socket", "", "listen on this path instead of the socket passed as descriptor 3")
	channelled := flag.Bool("channel", false, "take connections that are passed over standard input, a unix socket")
	workspace := flag.String("workspace", "/workspace", "default working directory; relative paths start here")
	home := flag.String("home", "/home/sandbox", "home of the user sandbox")
	state := flag.String("state", "/.miosa/processes", "folder for records and output of background processes; empty: they end with the agent")
	showVersion := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *showVersion {
		fmt.Println(version)
		return
	}
	c := defaultConfig(*workspace, *home)
	c.state = *state
	source := source{socket: *socket, channel: *channelled}
	if err := run(source, c); err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
}

// source is where connections come from: the listening socket passed as descriptor 3 when it says nothing else.
type source struct {
	socket  string
	channel bool
}

func defaultConfig(workspace, home string) config {
	return config{
		workspace: workspace,
		sandbox:   account{name: "sandbox", home: home, uid: 1000, gid: 1000},
		root:      account{name: "root", home: "/root"},
	}
}

// run serves until SIGTERM or SIGINT.
func run(from source, c config) error {
	closeInherited(from != source{})
	tuneMemory()
	if err := prepareProcess(); err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	listener, err := listen(from)
	if err != nil {
		return err
	}
	a, err := newAgent(c)
	if err != nil {
		return err
	}
	server := newServer(a)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		if !errors.Is(err, http.ErrServerClosed) {
			return err
		}
	case <-stop:
	}
	a.terminals.hangUp()
	a.processes.shutdown()
	return server.Close()
}

// prepareProcess sets what children inherit and what file work relies on.
func prepareProcess() error {
	syscall.Umask(0o022)
	if os.Geteuid() == 0 {
		// Supplementary groups would add to the rights of file work done as the user sandbox. Refused (EPERM) in user namespaces that
		// forbid setgroups; there the runtime has set none.
		_ = syscall.Setgroups([]int{})
	}
	if os.Getpid() != 1 {
		const prSetChildSubreaper = 36 // prctl(2): orphans come to this process as they would to PID 1
		_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0)
	}
	return openDevNull()
}

// closeInherited closes what the starting program left open beside the streams and the socket: a descriptor of the host in PID 1 is a way out of
// the sandbox through /proc/1/fd (CVE-2024-21626). Inherited ones are those without close-on-exec, which Go sets on all of its own.
func closeInherited(socketToo bool) {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil || fd < 3 || fd == 3 && !socketToo {
			continue
		}
		flags, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
		if errno == 0 && flags&syscall.FD_CLOEXEC == 0 {
			_ = syscall.Close(fd)
		}
	}
}

// listen takes the socket that the runner bound and passed as descriptor 3, or binds one itself.
func listen(from source) (net.Listener, error) {
	if from.channel {
		return openChannel()
	}
	if from.socket != "" {
		return net.Listen("unix", from.socket)
	}
	passed := os.NewFile(3, "listener")
	listener, err := net.FileListener(passed)
	if err != nil {
		return nil, errors.New("descriptor 3 is not a listening socket; pass one, or use --socket PATH")
	}
	return listener, passed.Close() // the listener has a copy of its own that children do not inherit
}
