// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// service is what the running program is, as far as the sources say.
type service struct {
	// Listens says that it is a server, and Port where, 0 if that isn't clear.
	Listens bool
	Port    int
	// Path is one that it answers by HTTP, empty if none is known.
	Path string
	// Try is a command that shows that the program runs, and File a file that it
	// needs.
	Try  []string
	File string
	// seen is the file that names the port.
	seen string
}

// portPatterns are the ways in which sources name the port that they listen on; the last group
// that matched is the port.
func portPatterns() []*regexp.Regexp {
	return []*regexp.Regexp{
		regexp.MustCompile("[\"'`](?:https?://)?(?:0\\.0\\.0\\.0|\\[::\\]|::|\\*|\\+)?:(\\d{2,5})[\"'`]"),
		regexp.MustCompile(`(?i)(?:listen|bind|serve)\w*\([^()\n]*?(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d{2,5})`),
		regexp.MustCompile(`(?i)\blisten\(\s*(\d{2,5})\b`),
		regexp.MustCompile(`(?i)\bport\b["'` + "`" + `]?\s*(?:\)?\s*(?:\|\||\?\?|:=|[,=:{]|\bor\b|\.unwrap_or\w*\())\s*["'` + "`" + `(]?\s*(\d{2,5})\b`),
		regexp.MustCompile(`new (?:InetSocketAddress|ServerSocket)\(\s*(?:"[^"]*"\s*,\s*)?(\d{2,5})\b`),
		regexp.MustCompile(`\(\s*["'][\d.]*["']\s*,\s*(\d{2,5})\s*\)`),
		regexp.MustCompile(`["'](?:0\.0\.0\.0|127\.0\.0\.1|localhost):(\d{2,5})["']\)`),
		regexp.MustCompile(`\[\s*\d+\s*(?:,\s*\d+\s*){3}\]\s*,\s*(\d{2,5})\b`),
		regexp.MustCompile(`--port[ =](\d{2,5})\b`),
	}
}

// servesPattern is what sources of servers have.
func servesPattern() *regexp.Regexp {
	return regexp.MustCompile(`(?i)ListenAndServe|net\.Listen\(|\.listen\(|createServer|TcpListener|HttpServer|ServerSocket|serve_forever|HTTPServer|Deno\.serve|Bun\.serve|express\(\)|fastify\(|new Hono|Rack::|Sinatra|axum::|actix_web|SpringApplication\.run`)
}

// isClient reports whether a port is one that programs usually connect to.
func isClient(port int) bool {
	return slices.Contains([]int{25, 465, 587, 1433, 1521, 2379, 3306, 4222, 5432, 5672, 6379, 9042, 9092, 9200, 11211, 27017}, port)
}

// service looks into sources for the port and for a path that is answered.
func (p *project) service(files []string) service {
	var s service
	found := map[int]string{}
	var paths []string
	for _, file := range files {
		text, err := p.read(file)
		if err != nil {
			continue
		}
		text = withoutComments(text, path.Ext(file))
		s.Listens = s.Listens || servesPattern().MatchString(text)
		for _, port := range portsIn(text) {
			if found[port] == "" {
				found[port] = file
			}
		}
		paths = append(paths, pathsIn(text)...)
	}
	if len(found) == 1 {
		for port, file := range found {
			s.Port, s.Listens, s.seen = port, true, file
		}
	}
	if s.Listens {
		s.Path = bestPath(paths)
	}
	return s
}

// serves sets the port of a server whose sources don't name it.
func (s *service) serves(port int) bool {
	s.Listens = true
	if s.Port != 0 {
		return false
	}
	s.Port = port
	return true
}

// tell notes what is known of the port.
func (s service) tell(p *project) {
	switch {
	case s.seen != "":
		p.note("%s: listens on port %d", s.seen, s.Port)
	case s.Listens && s.Port == 0:
		p.note("a server, but the sources don't say clearly on which port: set expose, and a test that asks it")
	}
}

// withoutComments blanks out the comments that take lines of their own.
func withoutComments(text, suffix string) string {
	mark := `(?m)^\s*(?://|\*|/\*).*$`
	if slices.Contains([]string{".py", ".rb", ".ru", ".yml", ".yaml", ".properties", ".toml"}, suffix) {
		mark = `(?m)^\s*#.*$`
	}
	return regexp.MustCompile(mark).ReplaceAllString(text, "")
}

func portsIn(text string) []int {
	var all []int
	for _, re := range portPatterns() {
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			port, err := strconv.Atoi(m[len(m)-1])
			if err == nil && port > 0 && port < 1<<16 && !isClient(port) {
				all = append(all, port)
			}
		}
	}
	return all
}

// pathsIn are the paths that are written as those of a route.
func pathsIn(text string) []string {
	var all []string
	route := "(?i:get|handle(?:func)?|route|any|all|path|url|pathname|mapping|context|case|when)\\W{1,12}"
	for _, m := range regexp.MustCompile(route+"[\"'`](?:GET )?(/(?:health\\w*|livez|readyz|ready|live|ping|up)?)(?:\\{\\$\\})?[\"'`]").FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}

// bestPath prefers a path that is made for being asked.
func bestPath(paths []string) string {
	slices.SortFunc(paths, func(a, b string) int { return strings.Compare(b, a) })
	for _, prefix := range []string{"/health", "/live", "/ready", "/up", "/ping", "/"} {
		for _, path := range paths {
			if strings.HasPrefix(path, prefix) {
				return path
			}
		}
	}
	return ""
}
