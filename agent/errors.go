package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"syscall"
)

// fault is a failure with a code of the wire contract and a public text. Nothing internal goes into either.
type fault struct {
	code    string
	message string
	details map[string]any
}

func (f *fault) Error() string { return f.code + ": " + f.message }

// statuses maps the closed set of codes the agent uses to HTTP (contract 1.3).
var statuses = map[string]int{
	"BAD_REQUEST":           http.StatusBadRequest,
	"FORBIDDEN":             http.StatusForbidden,
	"NOT_FOUND":             http.StatusNotFound,
	"METHOD_NOT_ALLOWED":    http.StatusMethodNotAllowed,
	"CONFLICT":              http.StatusConflict,
	"NOT_EMPTY":             http.StatusConflict,
	"GONE":                  http.StatusGone,
	"PRECONDITION_FAILED":   http.StatusPreconditionFailed,
	"PAYLOAD_TOO_LARGE":     http.StatusRequestEntityTooLarge,
	"RANGE_NOT_SATISFIABLE": http.StatusRequestedRangeNotSatisfiable,
	"VALIDATION_ERROR":      http.StatusUnprocessableEntity,
	"INTERNAL":              http.StatusInternalServerError,
	"UPSTREAM_UNREACHABLE":  http.StatusBadGateway,
	"UNAVAILABLE":           http.StatusServiceUnavailable,
	"TIMEOUT":               http.StatusGatewayTimeout,
	"STORAGE_FULL":          http.StatusInsufficientStorage,
}

func newFault(code, format string, args ...any) *fault {
	return &fault{code: code, message: fmt.Sprintf(format, args...)}
}

// invalid is a VALIDATION_ERROR that names the field (contract: details.fields).
func invalid(field, format string, args ...any) *fault {
	message := fmt.Sprintf(format, args...)
	return &fault{code: "VALIDATION_ERROR", message: field + ": " + message,
		details: map[string]any{"fields": []map[string]string{{"path": field, "message": message}}}}
}

// errnoFaults says what the system calls' failures mean to a caller; %s is the caller's own path.
var errnoFaults = map[syscall.Errno]struct{ code, format string }{
	syscall.ENOENT:       {"NOT_FOUND", "%s does not exist."},
	syscall.ENOTDIR:      {"NOT_FOUND", "%s does not exist: a part of the path is not a folder."},
	syscall.EACCES:       {"FORBIDDEN", "%s: the user sandbox has no permission for this."},
	syscall.EPERM:        {"FORBIDDEN", "%s: the user sandbox has no permission for this."},
	syscall.EROFS:        {"FORBIDDEN", "%s is on a read-only file system."},
	syscall.EEXIST:       {"CONFLICT", "%s already exists."},
	syscall.EISDIR:       {"CONFLICT", "%s is a folder."},
	syscall.ETXTBSY:      {"CONFLICT", "%s is being executed."},
	syscall.EXDEV:        {"CONFLICT", "%s is on another file system."},
	syscall.EBUSY:        {"CONFLICT", "%s is in use by the system."},
	syscall.ENOTEMPTY:    {"NOT_EMPTY", "%s is not empty."},
	syscall.ENOSPC:       {"STORAGE_FULL", "%s: no disk space is left."},
	syscall.EDQUOT:       {"STORAGE_FULL", "%s: the disk quota is used up."},
	syscall.EFBIG:        {"PAYLOAD_TOO_LARGE", "%s: the file would be too large."},
	syscall.ENAMETOOLONG: {"VALIDATION_ERROR", "%s: the name is too long."},
	syscall.EINVAL:       {"VALIDATION_ERROR", "%s: not possible for this path."},
	syscall.ELOOP:        {"VALIDATION_ERROR", "%s: too many symbolic links."},
	syscall.EMFILE:       {"UNAVAILABLE", "%s: too many open files; try again."},
	syscall.ENFILE:       {"UNAVAILABLE", "%s: too many open files; try again."},
	syscall.ENOMEM:       {"UNAVAILABLE", "%s: out of memory; try again."},
	syscall.EAGAIN:       {"UNAVAILABLE", "%s: the process limit is reached; end some processes and try again."},
}

// bodyError marks a failure of reading the request, as against writing the file.
type bodyError struct{ err error }

func (e *bodyError) Unwrap() error { return e.err }

func (e *bodyError) Error() string { return "request body: " + e.err.Error() }

// asFault turns any error into its public form; subject is the path or command the caller named.
func asFault(err error, subject string) *fault {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &fault{code: "PAYLOAD_TOO_LARGE", message: fmt.Sprintf("The body is larger than %d bytes.", tooLarge.Limit),
			details: map[string]any{"limit_bytes": tooLarge.Limit}}
	}
	var body *bodyError
	if errors.As(err, &body) || errors.Is(err, io.ErrUnexpectedEOF) {
		return newFault("BAD_REQUEST", "The request body ended early or could not be read.")
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		if known, ok := errnoFaults[errno]; ok {
			return newFault(known.code, known.format, subject)
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return newFault("NOT_FOUND", "%s does not exist.", subject)
	}
	return newFault("INTERNAL", "The sandbox agent failed at this request; it is safe to try again.")
}
