// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

import "fmt"

// Made is a layer of an image. Most planned layers make one, an Unpack perhaps
// several.
type Made struct {
	*Layer
	// Part is its number among those of the planned layer, from 0.
	Part int
}

// Words say what the layer holds; they become the history entry.
func (m Made) Words() string {
	if m.Part == 0 {
		return m.Layer.Words
	}
	return fmt.Sprintf("%s, part %d", m.Layer.Words, m.Part+1)
}

// Made returns all layers of the image that the plan makes, in image order.
func (img *Image) Made() []Made {
	made := make([]Made, 0, len(img.Layers))
	for i := range img.Layers {
		l := &img.Layers[i]
		for part := range l.Action.Count() {
			made = append(made, Made{Layer: l, Part: part})
		}
	}
	return made
}
