// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

func mountObject() object[Mount] {
	return object[Mount]{
		span: func(m *Mount) *Range { return &m.Range },
		keys: []key[Mount]{
			bind("target", "Where the command finds it.", absolute(),
				func(m *Mount) *String { return &m.Target }).must(),
			bind("from", "Where source is: target:NAME, context:NAME, dockerfile:PATH#STAGE or a reference; the context when left out.", text(checkFrom),
				func(m *Mount) *String { return &m.From }),
			bind("source", "The path in from.", inTree(),
				func(m *Mount) *String { return &m.Source }),
			bind("include", "Patterns of what the command finds.", list(text(checkLine)),
				func(m *Mount) *[]String { return &m.Include }),
			bind("exclude", "Patterns of what the command doesn't find.", list(text(checkLine)),
				func(m *Mount) *[]String { return &m.Exclude }),
			bind("writable", "Let the command write to it; what it writes is thrown away.", boolean(),
				func(m *Mount) *bool { return &m.Writable }),
		},
	}
}

func cacheKind() kind[Cache] {
	path := absolute()
	long := object[Cache]{
		want:  "a string or a map",
		span:  func(m *Cache) *Range { return &m.Range },
		needs: []needs{{"source", []string{"from"}}},
		keys: []key[Cache]{
			bind("target", "Where the command finds it.", path,
				func(m *Cache) *String { return &m.Target }).must(),
			bind("id", "The cache's name; the target when left out.", text(checkLine),
				func(m *Cache) *String { return &m.ID }),
			bind("sharing", "How builds share it: shared, private or locked.", chosen(ParseSharing, "shared", "private", "locked"),
				func(m *Cache) *String { return &m.Sharing }),
			bind("from", "What the cache holds at first: target:NAME, context:NAME, dockerfile:PATH#STAGE or a reference; nothing when left out.", text(checkFrom),
				func(m *Cache) *String { return &m.From }),
			bind("source", "The directory in from.", inTree(),
				func(m *Cache) *String { return &m.Source }),
			bind("owner", "Who owns the directory: user, user:group or :group; the command's user when left out.", ownership(),
				func(m *Cache) *String { return &m.Owner }),
			bind("mode", "The directory's mode, octal; 0755 when left out.", fileMode(),
				func(m *Cache) *String { return &m.Mode }),
			bind("readonly", "Let the command read the cache and not write to it.", boolean(),
				func(m *Cache) *bool { return &m.ReadOnly }),
		},
	}
	return or(long.kind(), cacheTarget(), likeText(), func(c cursor, target String) Cache {
		return Cache{Range: c.span, Target: target, Short: true}
	})
}

func tmpfsKind() kind[Tmpfs] {
	path := absolute()
	long := object[Tmpfs]{
		want: "a string or a map",
		span: func(m *Tmpfs) *Range { return &m.Range },
		keys: []key[Tmpfs]{
			bind("target", "Where the command finds it.", path,
				func(m *Tmpfs) *String { return &m.Target }).must(),
			bind("size", "The limit: bytes, or with a unit such as 64m.", size(),
				func(m *Tmpfs) *String { return &m.Size }),
			bind("mode", "The directory's mode, octal; 1777 when left out.", fileMode(),
				func(m *Tmpfs) *String { return &m.Mode }),
		},
	}
	return or(long.kind(), path, likeText(), func(c cursor, target String) Tmpfs {
		return Tmpfs{Range: c.span, Target: target}
	})
}

func secretObject() object[Secret] {
	return object[Secret]{
		span: func(m *Secret) *Range { return &m.Range },
		keys: []key[Secret]{
			bind("id", "The secret's name, as --secret gives it.", text(checkLine),
				func(m *Secret) *String { return &m.ID }).must(),
			bind("target", "The file that holds it; /run/secrets/ID when neither target nor env is there.", absolute(),
				func(m *Secret) *String { return &m.Target }),
			bind("env", "The environment variable that holds it.", text(checkEnvName),
				func(m *Secret) *String { return &m.Env }),
			bind("required", "Fail when the secret is not given.", boolean(),
				func(m *Secret) *bool { return &m.Required }),
			bind("mode", "The file's mode, octal.", fileMode(),
				func(m *Secret) *String { return &m.Mode }),
			bind("owner", "Who owns the file: user, user:group or :group; the command's user when left out.", ownership(),
				func(m *Secret) *String { return &m.Owner }),
		},
	}
}

func deviceKind() kind[Device] {
	name := text(checkLine)
	long := object[Device]{
		want: "a string or a map",
		span: func(d *Device) *Range { return &d.Range },
		keys: []key[Device]{
			bind("name", "The device's CDI name, as vendor.example/class=name.", name,
				func(d *Device) *String { return &d.Name }).must(),
			bind("required", "Fail when the builder has no such device.", boolean(),
				func(d *Device) *bool { return &d.Required }),
		},
	}
	return or(long.kind(), name, likeText(), func(c cursor, name String) Device {
		return Device{Range: c.span, Name: name, Required: true}
	})
}

func sshKind() kind[SSH] {
	id := text(checkLine)
	long := object[SSH]{
		want: "a string or a map",
		span: func(m *SSH) *Range { return &m.Range },
		keys: []key[SSH]{
			bind("id", "The agent's name, as --ssh gives it.", id,
				func(m *SSH) *String { return &m.ID }).must(),
			bind("target", "The socket that the command finds.", absolute(),
				func(m *SSH) *String { return &m.Target }),
			bind("required", "Fail when the agent is not given.", boolean(),
				func(m *SSH) *bool { return &m.Required }),
			bind("mode", "The socket's mode, octal; 0600 when left out.", fileMode(),
				func(m *SSH) *String { return &m.Mode }),
			bind("owner", "Who owns the socket: user, user:group or :group; the command's user when left out.", ownership(),
				func(m *SSH) *String { return &m.Owner }),
		},
	}
	return or(long.kind(), id, likeText(), func(c cursor, id String) SSH {
		return SSH{Range: c.span, ID: id}
	})
}
