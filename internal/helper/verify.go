// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/plainfile"
	"github.com/strata-build/strata/internal/signature"
)

func runVerify(args []string, _ func(string)) error {
	c, err := call.ParseVerify(args)
	if err != nil {
		return err
	}
	err = verify(c)
	if err == nil || c.Report == "" {
		return err
	}
	return os.WriteFile(filepath.Join(c.Out, c.Report), []byte(err.Error()), 0o644)
}

// verify checks the signature of a file before anything of it is in the result.
func verify(c call.Verify) error {
	entries, err := os.ReadDir(c.Source)
	if err != nil {
		return fmt.Errorf("find the file: %w", err)
	}
	if len(entries) != 1 {
		return fmt.Errorf("find the file: there are %d", len(entries))
	}
	keyText, err := plainfile.Read(c.Key, signature.MaxSize)
	if err != nil {
		return fmt.Errorf("read the key: %w", err)
	}
	key, err := signature.ParseKey(keyText)
	if err != nil {
		return fmt.Errorf("read the key: %w", err)
	}
	sig, err := plainfile.Read(c.Signature, signature.MaxSize)
	if err != nil {
		return fmt.Errorf("read the signature: %w", err)
	}
	file, err := os.Open(filepath.Join(c.Source, entries[0].Name()))
	if err != nil {
		return err
	}
	defer file.Close()
	var o signature.Options
	if !c.Locked {
		o.Now = time.Now()
	}
	if err := key.Verify(file, sig, o); err != nil {
		return err
	}
	return copyFile(file, filepath.Join(c.Out, cmp.Or(c.Name, entries[0].Name())))
}

// copyFile copies a file from its beginning.
func copyFile(file *os.File, to string) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, file)
	return errors.Join(err, out.Close(), os.Chmod(to, 0o644), os.Chtimes(to, time.Unix(0, 0), time.Unix(0, 0)))
}
