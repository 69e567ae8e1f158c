package main

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"unicode/utf8"
)

// problem notes an entry that cannot be part of a manifest.
func (l *lister) problem(name, reason string) error {
	l.unfit++
	if len(l.problems) < shownProblems {
		const shown = 120
		name = strings.ToValidUTF8(name, "\uFFFD")
		if len(name) > shown {
			name = strings.ToValidUTF8(name[:shown], "") + "…"
		}
		l.problems = append(l.problems, name+" "+reason)
	}
	return nil
}

// problemFault names the first entries that are in the way; nil when none are, or they are to be left out.
func (l *lister) problemFault() error {
	if l.unfit == 0 || l.skip {
		return nil
	}
	fields := make([]map[string]string, len(l.problems))
	for i, problem := range l.problems {
		fields[i] = map[string]string{"path": "path", "message": problem}
	}
	f := newFault("VALIDATION_ERROR", "%s has %d entries that cannot be taken: %s. Remove them or leave them out.", l.name, l.unfit, strings.Join(l.problems, "; "))
	f.details = map[string]any{"fields": fields}
	return f
}

// unreadable notes an entry that could not be opened; one that is gone by now was never there.
func (l *lister) unreadable(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ELOOP):
		return l.problem(name, "changed while it was read")
	case errors.Is(err, fs.ErrPermission):
		return l.problem(name, "cannot be read by the user sandbox")
	}
	return err
}

// linkProblem says why a link leads nowhere inside. What os.Root refuses has no error of its own to compare with.
func linkProblem(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return "is a link to nothing"
	case errors.Is(err, syscall.ELOOP):
		return "is a link in a circle"
	case errors.Is(err, fs.ErrPermission):
		return "is a link to what the user sandbox cannot read"
	}
	return "is a link that leads out of the folder"
}

func kindName(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeDevice != 0:
		return "device"
	case mode&fs.ModeSocket != 0:
		return "socket"
	case mode&fs.ModeNamedPipe != 0:
		return "named pipe"
	}
	return "special file"
}

// unfitName says what is wrong with a name; "" is fine.
func unfitName(name string) string {
	const maxName = 4000
	switch {
	case !utf8.ValidString(name):
		return "has a name that is not UTF-8"
	case len(name) > maxName:
		return "has too long a path"
	}
	return ""
}

// jsonLength bounds what a name needs as JSON, without what stands around it.
func jsonLength(name string) int {
	n := len(name)
	for i := range len(name) {
		if c := name[i]; c < ' ' || c == '"' || c == '\\' {
			n += 5
		}
	}
	return n
}
