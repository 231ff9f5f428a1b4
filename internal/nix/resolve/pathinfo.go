// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/opencontainers/go-digest"
)

// ErrPathInfo says that a text doesn't describe store paths.
var ErrPathInfo = errors.New("no valid description of store paths")

// pathInfo is a path as "nix path-info --json" has it.
type pathInfo struct {
	Path       string   `json:"path"`
	Valid      *bool    `json:"valid"`
	StoreDir   string   `json:"storeDir"`
	NarHash    jsonHash `json:"narHash"`
	NarSize    int64    `json:"narSize"`
	References []string `json:"references"`
	Deriver    string   `json:"deriver"`
	CA         jsonCA   `json:"ca"`
	Signatures []string `json:"signatures"`
}

// jsonHash is a hash as text or, in some versions, in parts.
type jsonHash struct{ digest.Digest }

// UnmarshalJSON reads either form.
func (h *jsonHash) UnmarshalJSON(data []byte) error {
	text := ""
	if data[0] == '{' {
		var parts struct{ Algorithm, Hash string }
		if err := json.Unmarshal(data, &parts); err != nil {
			return err
		}
		text = parts.Algorithm + ":" + parts.Hash
	} else if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	d, err := parseHash(text)
	h.Digest = d
	return err
}

// jsonCA is a content address as text; the newer form in parts isn't needed,
// because what is exported is trusted as it is.
type jsonCA string

// UnmarshalJSON reads the text.
func (c *jsonCA) UnmarshalJSON(data []byte) error {
	if data[0] != '"' {
		return nil
	}
	return json.Unmarshal(data, (*string)(c))
}

// ParsePathInfo reads what "nix path-info --recursive --json" prints: in older
// versions a list, in newer ones paths by their names, in the newest these below
// "info". What a build gets from exportReferencesGraph is read, too. Names
// without a store are in the given one.
func ParsePathInfo(text []byte, store string) ([]*Info, error) {
	all, err := splitPathInfo(bytes.TrimSpace(text), store)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPathInfo, err)
	}
	infos := make([]*Info, 0, len(all))
	for _, one := range all {
		info, err := one.info()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrPathInfo, err)
		}
		infos = append(infos, info)
	}
	return infos, nil
}

// splitPathInfo finds the paths in any of the forms.
func splitPathInfo(text []byte, store string) ([]*pathInfo, error) {
	if bytes.HasPrefix(text, []byte("[")) {
		var list []*pathInfo
		if err := json.Unmarshal(text, &list); err != nil {
			return nil, err
		}
		for _, one := range list {
			if one == nil {
				return nil, errors.New("a path in it is null")
			}
			one.StoreDir = store
		}
		return list, nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, err
	}
	if inner, ok := object["info"]; ok {
		if dir, ok := object["storeDir"]; ok {
			if err := json.Unmarshal(dir, &store); err != nil {
				return nil, err
			}
		}
		return splitPathInfo(bytes.TrimSpace(inner), store)
	}
	var all []*pathInfo
	for _, name := range slices.Sorted(maps.Keys(object)) {
		value := bytes.TrimSpace(object[name])
		if bytes.HasPrefix(value, []byte("[")) {
			list, err := splitPathInfo(value, store)
			if err != nil {
				return nil, err
			}
			all = append(all, list...)
			continue
		}
		if !bytes.HasPrefix(value, []byte("{")) {
			if string(value) == "null" {
				return nil, fmt.Errorf("%s is not valid in the store that it describes", name)
			}
			continue // the attributes beside exportReferencesGraph
		}
		one := &pathInfo{StoreDir: store}
		if err := json.Unmarshal(value, one); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		one.Path = name
		all = append(all, one)
	}
	return all, nil
}

func (p *pathInfo) info() (*Info, error) {
	full := func(name string) string {
		if path.IsAbs(name) || name == "" {
			return name
		}
		return path.Join(p.StoreDir, name)
	}
	info := &Info{
		Path: full(p.Path), NarHash: p.NarHash.Digest, NarSize: p.NarSize,
		Deriver: full(p.Deriver), CA: string(p.CA), Signatures: p.Signatures,
	}
	for _, ref := range p.References {
		info.References = append(info.References, full(ref))
	}
	info.References = sortedSet(info.References)
	if p.Valid != nil && !*p.Valid {
		return nil, fmt.Errorf("%s is not valid in the store that it describes", info.Path)
	}
	return info, info.check()
}

// check checks what a description said of a path.
func (i *Info) check() error {
	for _, p := range append(slices.Clone(i.References), i.Path) {
		if err := CheckPath(p); err != nil {
			return err
		}
	}
	if i.Deriver != "" {
		if err := CheckPath(i.Deriver); err != nil {
			return fmt.Errorf("the deriver of %s: %w", i.Path, err)
		}
	}
	if i.NarHash == "" || i.NarSize <= 0 {
		return fmt.Errorf("%s has no narHash or no narSize", i.Path)
	}
	return nil
}
