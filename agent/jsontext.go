package main

import (
	"io"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendText appends text as the inside of a JSON string. Invalid UTF-8 becomes U+FFFD. Written by hand because output of up to 4 MiB a
// stream would otherwise be copied into a string, then into an encoder's buffer.
func appendText(to, text []byte) []byte {
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(text[i:])
			to = utf8.AppendRune(to, r)
			i += size
			continue
		}
		switch {
		case c == '"' || c == '\\':
			to = append(to, '\\', c)
		case c >= ' ':
			to = append(to, c)
		case c == '\n':
			to = append(to, '\\', 'n')
		case c == '\r':
			to = append(to, '\\', 'r')
		case c == '\t':
			to = append(to, '\\', 't')
		default:
			to = append(to, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
	}
	return to
}

// writeText writes text as a JSON string in pieces.
func writeText(w io.Writer, text []byte) error {
	piece := append(make([]byte, 0, 16<<10), '"')
	for len(text) > 0 {
		n := len(text)
		if n > 8<<10 {
			n = completeRunes(text[:8<<10])
		}
		piece = appendText(piece, text[:n])
		text = text[n:]
		if len(piece) > 8<<10 {
			if _, err := w.Write(piece); err != nil {
				return err
			}
			piece = piece[:0]
		}
	}
	_, err := w.Write(append(piece, '"'))
	return err
}

// completeRunes is the length of text without a character that is cut off at its end; never 0 for text that is not empty, unless all of it
// is the beginning of one character.
func completeRunes(text []byte) int {
	for i := len(text) - 1; i >= 0 && i >= len(text)-utf8.UTFMax; i-- {
		if utf8.RuneStart(text[i]) {
			if utf8.FullRune(text[i:]) {
				break
			}
			return i
		}
	}
	return len(text)
}
