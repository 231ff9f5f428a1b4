// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"testing"
	"testing/fstest"
)

func TestChoose(t *testing.T) {
	for _, c := range []struct{ asked, node, python string }{
		{"", "24", "3.13"},
		{"*", "24", "3.13"},
		{"latest", "24", "3.13"},
		{">=18", "24", "3.13"}, // no version of Python is that new
		{">=18 <23", "22", ""},
		{">=16.0.0 <=20.x", "20", ""},
		{"18 - 20", "20", ""},
		{"^18 || ^20", "20", ""},
		{"20 || >=22.4", "24", ""},
		{"~22.3", "22", ""},
		{"v26.1.0", "26", ""},
		{"12.x", "12", ""},
		{"<17", "16", ""},
		{"!=20", "24", ""},
		{">=3.9", "", "3.13"},
		{">=3.9,<3.12", "", "3.11"},
		{"~=3.11", "", "3.13"},
		{"~=3.11.2", "", "3.11"},
		{"==3.12.*", "", "3.12"},
		{"^3.10", "", "3.13"},
		{">3.13", "", "3.14"},
		{">=3.13.1", "", "3.13"},
		{"<3.13", "", "3.12"},
		{"~> 3.12", "", "3.13"},
		{"~> 3.12.0", "", "3.12"},
		{"3.8", "", "3.8"},
		{">=2 <1", "24", "3.13"}, // allows nothing
		{"||", "24", "3.13"},
		{"||x| -", "24", "3.13"},
	} {
		for _, r := range []struct {
			runtime runtime
			want    string
		}{{nodeRuntime(), c.node}, {pythonRuntime(), c.python}} {
			if r.want == "" || r.runtime.name == "Python" && c.asked == ">=18" {
				continue
			}
			if got := parseConstraint(c.asked).choose(r.runtime.known, r.runtime.def); got != r.want {
				t.Errorf("%s %q: %s, want %s", r.runtime.name, c.asked, got, r.want)
			}
		}
	}
}

func TestVersionPins(t *testing.T) {
	for _, c := range []struct {
		pins []pin
		want string
	}{
		{nil, "24"},
		{[]pin{{".nvmrc", "v22.11.0", exact}}, "22.11.0"},
		{[]pin{{".nvmrc", "lts/*", exact}, {"package.json", "^20", ranged}}, "20"},
		{[]pin{{".nvmrc", "", exact}, {"package.json", "", ranged}}, "24"},
		{[]pin{{"pom.xml", "26", least}}, "26"},
		{[]pin{{"pom.xml", "11", least}}, "24"},
		{[]pin{{"pom.xml", "x", least}}, "24"},
		{[]pin{{".nvmrc", "20; rm -rf /", exact}}, "20"},
	} {
		p := &project{}
		if got := p.version(nodeRuntime(), c.pins...); got != c.want || len(p.notes) != 1 {
			t.Errorf("%v: %s, want %s; notes %q", c.pins, got, c.want, p.notes)
		}
	}
}

func TestService(t *testing.T) {
	for _, c := range []struct {
		file, text string
		port       int
		path       string
		listens    bool
	}{
		{"a.go", `http.ListenAndServe(":8080", nil)`, 8080, "", true},
		{"a.go", `http.ListenAndServe("0.0.0.0:8080", nil); mux.HandleFunc("GET /{$}", h)`, 8080, "/", true},
		{"a.go", `flag.Int("port", 7000, "the port"); net.Listen("tcp", addr)`, 7000, "", true},
		{"a.go", `sql.Open("postgres", "localhost:5432")`, 0, "", false},
		{"a.go", `// http.ListenAndServe(":8080", nil)`, 0, "", false},
		{"a.go", "a.Listen(\":3000\"); b.Listen(\":3001\"); x.ListenAndServe()", 0, "", true},
		{"a.go", `strings.Split(s, "/"); http.ListenAndServe(addr, nil)`, 0, "", true},
		{"a.js", `app.get('/', f); app.listen(process.env.PORT || 3000)`, 3000, "/", true},
		{"a.js", `app.get('/', f); app.get('/healthz', f); app.listen(4000)`, 4000, "/healthz", true},
		{"a.js", `const port = process.env.PORT ?? '4000'; server.listen(port)`, 4000, "", true},
		{"a.js", `new Client({host: 'db', port: 5432})`, 0, "", false},
		{"a.js", `console.log('1:30')`, 0, "", false},
		{"a.py", `app.run(host="0.0.0.0", port=int(os.environ.get("PORT", 5001)))`, 5001, "", true},
		{"a.py", `HTTPServer(("", 8000), Handler).serve_forever()`, 8000, "", true},
		{"a.rs", `SocketAddr::from(([0, 0, 0, 0], 3100))`, 3100, "", true},
		{"a.rs", `.bind(("0.0.0.0", 8088))?; Route: .route("/", get(root))`, 8088, "/", true},
		{"a.rb", `set :port, 4567; get '/' do; end`, 4567, "/", true},
		{"a.rb", "port ENV.fetch(\"PORT\") { 3000 }", 3000, "", true},
		{"a.properties", "server.port=8090\n", 8090, "", true},
		{"a.yml", "server:\n  port: 8091\n", 8091, "", true},
		{"a.java", `new ServerSocket(99999)`, 0, "", true},
		{"a.java", `@GetMapping("/") String x() { SpringApplication.run(A.class); }`, 0, "/", true},
		{"a.ts", `Deno.serve({ port: 8000 }, f)`, 8000, "", true},
	} {
		p := &project{fsys: fstest.MapFS{c.file: {Data: []byte(c.text)}}}
		s := p.service([]string{c.file})
		if s.Port != c.port || s.Path != c.path || s.Listens != c.listens {
			t.Errorf("%s: %s\nport %d, path %q, listens %v", c.file, c.text, s.Port, s.Path, s.Listens)
		}
	}
}
