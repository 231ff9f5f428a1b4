// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"encoding/json"
	"errors"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// checkForm refuses a manifest that is an index to others, and an index that is a
// manifest: whoever goes by its media type sees another image than who goes by what is in it.
func checkForm(d v1.Descriptor, raw []byte) error {
	if !d.MediaType.IsImage() && !d.MediaType.IsIndex() {
		return nil
	}
	var has struct {
		MediaType                 types.MediaType
		Config, Layers, Manifests json.RawMessage
	}
	// As readers do that take the first value, whatever is behind it.
	if json.NewDecoder(bytes.NewReader(raw)).Decode(&has) != nil {
		return nil // whoever reads it says so
	}
	switch {
	case d.MediaType.IsImage() && (has.MediaType.IsIndex() || isThere(has.Manifests)):
		return errors.New("is named as an image's manifest, and has what an index has")
	case d.MediaType.IsIndex() && (has.MediaType.IsImage() || isThere(has.Config) || isThere(has.Layers)):
		return errors.New("is named as an index, and has what an image's manifest has")
	}
	return nil
}

func isThere(value json.RawMessage) bool { return len(value) > 0 && string(value) != "null" }
