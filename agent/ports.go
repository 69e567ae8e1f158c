package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// portView is a listening TCP socket of the sandbox.
type portView struct {
	Port      int     `json:"port"`
	Address   string  `json:"address"`
	Command   string  `json:"command"`
	ProcessID *string `json:"processId,omitempty"`
	inode     string
}

// listPorts reads the sandbox's own network namespace.
func (a *agent) listPorts(w http.ResponseWriter, _ *http.Request) error {
	ports := append(listeners("/proc/net/tcp"), listeners("/proc/net/tcp6")...)
	sort.Slice(ports, func(i, j int) bool {
		return ports[i].Port < ports[j].Port || ports[i].Port == ports[j].Port && ports[i].Address < ports[j].Address
	})
	if len(ports) > 0 {
		a.nameOwners(ports)
	}
	return writeJSON(w, http.StatusOK, map[string]any{"ports": ports})
}

// listeners parses one socket table (proc_pid_net(5)): `sl local_address rem_address st … uid timeout inode`.
func listeners(table string) []portView {
	text, err := os.ReadFile(table)
	found := []portView{}
	if err != nil {
		return found
	}
	const listening = "0A"
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 10 || fields[3] != listening {
			continue
		}
		host, portHex, _ := strings.Cut(fields[1], ":")
		port, err := strconv.ParseUint(portHex, 16, 16)
		if err != nil {
			continue
		}
		found = append(found, portView{Port: int(port), Address: decodeAddress(host), inode: fields[9]})
	}
	return found
}

// decodeAddress reads an address printed as 32-bit words in the machine's byte order.
func decodeAddress(text string) string {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw)%4 != 0 {
		return text
	}
	for i := 0; i < len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	return net.IP(raw).String()
}

// nameOwners fills in who listens, as far as it can be seen. Looking into /proc/<pid>/fd needs the rights of the process's own user or more
// capabilities than its: as the user sandbox for its processes, as root for root's.
func (a *agent) nameOwners(ports []portView) {
	byInode := map[string]*portView{}
	for i := range ports {
		byInode["socket:["+ports[i].inode+"]"] = &ports[i]
	}
	_ = a.asSandbox(func() error { a.scanDescriptors(byInode); return nil })
	if len(byInode) > 0 {
		a.scanDescriptors(byInode)
	}
}

func (a *agent) scanDescriptors(byInode map[string]*portView) {
	folders, _ := filepath.Glob("/proc/[0-9]*/fd")
	for _, folder := range folders {
		entries, _ := os.ReadDir(folder)
		for _, entry := range entries {
			link, err := os.Readlink(folder + "/" + entry.Name())
			if err != nil {
				continue
			}
			port := byInode[link]
			if port == nil {
				continue
			}
			delete(byInode, link)
			process := filepath.Dir(folder)
			port.Command = commandOf(process)
			if p := a.processes.byPid(sessionOf(process)); p != nil {
				port.ProcessID = &p.id
			}
			if len(byInode) == 0 {
				return
			}
		}
	}
}

func commandOf(process string) string {
	line, err := os.ReadFile(process + "/cmdline")
	if err != nil {
		return ""
	}
	return strings.ToValidUTF8(string(bytes.TrimSpace(bytes.ReplaceAll(line, []byte{0}, []byte{' '}))), "\uFFFD")
}

// sessionOf is the session of a process, whose number is the pid of the command that the agent started (proc_pid_stat(5), field 6).
func sessionOf(process string) int {
	stat, err := os.ReadFile(process + "/stat")
	if err != nil {
		return 0
	}
	// The name in field 2 may contain anything, parentheses and spaces too.
	_, rest, _ := strings.Cut(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " ")
	fields := strings.Fields(rest)
	if len(fields) < 4 {
		return 0
	}
	session, _ := strconv.Atoi(fields[3])
	return session
}
