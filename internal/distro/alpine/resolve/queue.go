// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"cmp"
	"slices"
)

// A queue holds names that wait for a decision.
type queue struct{ names []*name }

func (q *queue) push(n *name) {
	q.names = append(q.names, n)
	n.queue = q
}

// insert keeps the names by their order, the greatest first.
func (q *queue) insert(n *name) {
	at, _ := slices.BinarySearchFunc(q.names, n.order, func(other *name, order int64) int { return cmp.Compare(order, other.order) })
	q.names = slices.Insert(q.names, at, n)
	n.queue = q
}

func (q *queue) remove(n *name) {
	if at := slices.Index(q.names, n); at >= 0 {
		q.names = slices.Delete(q.names, at, at+1)
	}
	n.queue = nil
}

func (q *queue) pop() *name {
	n := q.names[0]
	q.names = q.names[1:]
	n.queue = nil
	return n
}

// pushDirty has a name looked at again before the next decision.
func (s *solver) pushDirty(n *name) {
	if n.dirty || n.locked || n.needs == 0 && !n.rehear {
		return
	}
	n.dirty = true
	s.dirty = append(s.dirty, n)
}

// popDirty returns nil when there is none.
func (s *solver) popDirty() *name {
	for len(s.dirty) > 0 {
		n := s.dirty[0]
		s.dirty = s.dirty[1:]
		if n.dirty {
			n.dirty = false
			return n
		}
	}
	return nil
}

// enqueue puts a name where it is decided in its turn: those with one
// possibility left first, then those that may be decided without being asked
// for. With again it is put into another place if need be.
func (s *solver) enqueue(n *name, again bool) {
	if n.locked {
		return
	}
	certain := n.settled && n.needs > 0 && n.automatic && !n.choice
	if n.queue != nil {
		if n.urgent || !certain && !again {
			return
		}
		n.queue.remove(n)
	} else if n.needs == 0 && !n.triggered && !n.listened {
		return
	}
	n.urgent = certain
	switch {
	case n.urgent:
		s.urgent.push(n)
	case n.automatic:
		s.ready.insert(n)
	default:
		s.waiting.insert(n)
	}
}

// next returns the name to decide next, or nil.
func (s *solver) next() *name {
	for _, q := range []*queue{&s.urgent, &s.ready, &s.waiting} {
		if len(q.names) > 0 {
			return q.pop()
		}
	}
	return nil
}
