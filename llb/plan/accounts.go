// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

// Accounts enters users and groups in the files of the image that list them, beside
// those that are there, and makes home directories. It runs no command of the image.
type Accounts struct {
	Users  []User  `json:"users,omitempty"`
	Groups []Group `json:"groups,omitempty"`
	// Members have the names of groups and users, for groups that need not be among
	// Groups.
	Members []Member `json:"members,omitempty"`
	// Early says that packages come later, with accounts of their own: what refers to one
	// that isn't there is left to another one of these, which is above the packages.
	Early bool `json:"early,omitempty"`
}

// User is an entry of /etc/passwd.
type User struct {
	Name string `json:"name"`
	UID  int    `json:"uid"`
	// Group is the primary group: a number, or the name of one that the image has.
	Group   string `json:"group"`
	Comment string `json:"comment,omitempty"`
	Home    string `json:"home"`
	Shell   string `json:"shell"`
}

// NoHome is the home directory of a user that has none.
const NoHome = "/nonexistent"

// Group is an entry of /etc/group.
type Group struct {
	Name string `json:"name"`
	GID  int    `json:"gid"`
}

// Member is a user of a group.
type Member struct {
	Group string `json:"group"`
	User  string `json:"user"`
}
