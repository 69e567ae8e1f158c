package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

const (
	trustFile  = "/etc/miosa/egress-ca.pem"
	trustBegin = "# MIOSA egress authority: begin\n"
	trustEnd   = "# MIOSA egress authority: end\n"
	// maxBundle is many times what any distribution trusts.
	maxBundle = 8 << 20
	maxTrust  = 16 << 10
)

// trustBundles is where distributions keep the authorities that programs trust: Debian and Alpine, Fedora, others.
var trustBundles = []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"}

// trustBundle is the file of this system; the first of the list where there is none.
func trustBundle() string {
	for _, name := range trustBundles {
		if path, err := filepath.EvalSymlinks(name); err == nil {
			return path
		}
	}
	return trustBundles[0]
}

// setTrust makes programs trust one more authority (PEM), in the place of the one before; "" takes it away. Files copied from another
// sandbox may still name that one's authority.
func setTrust(pem string) error {
	if len(pem) > maxTrust {
		return invalid("trust", "longer than %d bytes", maxTrust)
	}
	if pem == "" {
		if _, err := os.Lstat(trustFile); errors.Is(err, os.ErrNotExist) {
			return nil
		}
	}
	bundle := trustBundle()
	before, err := readRegular(bundle)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	after := withTrust(before, pem)
	if !bytes.Equal(before, after) {
		if err := replaceFile(bundle, after); err != nil {
			return err
		}
	}
	if pem == "" {
		return os.Remove(trustFile)
	}
	return replaceFile(trustFile, []byte(pem))
}

// withTrust is a bundle with this authority at its end, between marks, and no other between marks.
func withTrust(bundle []byte, pem string) []byte {
	kept := bundle
	if begin := bytes.Index(bundle, []byte(trustBegin)); begin >= 0 {
		kept = append([]byte{}, bundle[:begin]...)
		if end := bytes.Index(bundle[begin:], []byte(trustEnd)); end >= 0 {
			kept = append(kept, bundle[begin+end+len(trustEnd):]...)
		}
	}
	if pem == "" {
		return kept
	}
	return append(append([]byte{}, kept...), trustBegin+pem+"\n"+trustEnd...)
}

// readRegular reads a file that anybody inside may have made something else of: no pipe, no device, nothing endless.
func readRegular(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxBundle {
		return nil, errors.New(path + " is not a list of certificates")
	}
	return io.ReadAll(io.LimitReader(file, maxBundle))
}

func replaceFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".miosa-")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(content)
	if err = errors.Join(err, file.Chmod(0o644), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// trustVariables tell programs with a list of their own where this system's is.
func trustVariables() map[string]string {
	bundle := trustBundle()
	return map[string]string{
		"SSL_CERT_FILE": bundle, "REQUESTS_CA_BUNDLE": bundle, "CURL_CA_BUNDLE": bundle, "GIT_SSL_CAINFO": bundle,
		"NODE_EXTRA_CA_CERTS": trustFile,
	}
}
