// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// pythonEntry chooses the command that starts the program.
func (d *pythonPage) pythonEntry(p *project, py pyproject, files []string) {
	requires := p.pythonRequires(py)
	serve := func(port int, words ...string) {
		d.Entry, d.Listens, d.Port, d.seen = words, true, port, ""
	}
	module, variable, framework := p.pythonApp(files)
	switch {
	case d.Project != nil:
		scripts := scriptsOf(py)
		d.Entry = []string{"/opt/venv/bin/" + scripts[0]}
		p.note("pyproject.toml: the script %s is the program", strings.Join(scripts, ", "))
	case p.has("manage.py"):
		p.django(d, files, requires)
	case framework == "FastAPI" || framework == "Starlette":
		serve(8000, "uvicorn", module+":"+variable, "--host", "0.0.0.0", "--port", "8000")
	case framework == "Flask" && slices.Contains(requires, "gunicorn"):
		serve(8000, "gunicorn", "--bind", "0.0.0.0:8000", module+":"+variable)
	case framework == "Flask":
		serve(5000, "flask", "--app", module+":"+variable, "run", "--host", "0.0.0.0", "--port", "5000")
		p.note("%s: Flask's own server; for production add gunicorn to the requirements", module)
	default:
		d.Entry = p.pythonProgram(files)
	}
	if framework != "" && d.Project == nil && !p.has("manage.py") {
		p.note("%s.py: the %s application %s, served by %s on port %d", strings.ReplaceAll(module, ".", "/"), framework, variable, d.Entry[0], d.Port)
		d.Path = bestPath(pathsIn(p.all(files)))
	}
}

// all is the text of some files.
func (p *project) all(files []string) string {
	var text strings.Builder
	for _, file := range files {
		t, _ := p.read(file)
		text.WriteString(withoutComments(t, path.Ext(file)))
	}
	return text.String()
}

// pythonRequires are the names of the packages that a project asks for, in lower case.
func (p *project) pythonRequires(py pyproject) []string {
	text := strings.Join(py.Project.Dependencies, "\n")
	for _, file := range []string{"requirements.txt", "requirements/base.txt", "requirements/production.txt", "Pipfile"} {
		t, _ := p.read(file)
		text += "\n" + t
	}
	for name := range py.Tool.Poetry.Dependencies {
		text += "\n" + name
	}
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^\s*["']?([A-Za-z0-9][\w.-]*)`).FindAllStringSubmatch(text, -1) {
		all = append(all, strings.ToLower(m[1]))
	}
	return all
}

// pythonApp finds the application object of a framework.
func (p *project) pythonApp(files []string) (module, variable, framework string) {
	factory := regexp.MustCompile(`(?m)^def (create_app|make_app)\(\s*\)`)
	app := regexp.MustCompile(`(?m)^(\w+)(?:\s*:\s*\w+)?\s*=\s*(?:\w+\.)?(FastAPI|Flask|Starlette)\(`)
	for _, file := range files {
		text, _ := p.read(file)
		if m := app.FindStringSubmatch(text); m != nil {
			return pythonModule(file), m[1], m[2]
		}
		if m := factory.FindStringSubmatch(text); m != nil && strings.Contains(text, "Flask(") {
			return pythonModule(file), m[1] + "()", "Flask"
		}
	}
	return "", "", ""
}

// pythonModule is the name by which a file is imported.
func pythonModule(file string) string {
	module := strings.TrimSuffix(strings.TrimSuffix(file, ".py"), "/__init__")
	return strings.ReplaceAll(strings.TrimPrefix(module, "src/"), "/", ".")
}

func (p *project) django(d *pythonPage, files, requires []string) {
	d.Listens, d.Port, d.Path, d.seen = true, 8000, "", ""
	for _, file := range files {
		if path.Base(file) != "wsgi.py" || !slices.Contains(requires, "gunicorn") {
			continue
		}
		module := strings.ReplaceAll(strings.TrimSuffix(file, ".py"), "/", ".")
		d.Entry = []string{"gunicorn", "--bind", "0.0.0.0:8000", module}
		p.note("manage.py: Django, served by gunicorn on port 8000")
		return
	}
	d.Entry = []string{"python", "manage.py", "runserver", "--noreload", "0.0.0.0:8000"}
	p.note("manage.py: Django's own server on port 8000; for production add gunicorn to the requirements")
}

// pythonProgram is the file or module that is run where no framework says how.
func (p *project) pythonProgram(files []string) []string {
	if file := p.first("main.py", "app.py", "server.py", "run.py", "cli.py", "src/main.py", "src/app.py"); file != "" {
		p.note("%s: the program", file)
		return []string{"python", file}
	}
	for _, file := range files {
		if path.Base(file) == "__main__.py" && path.Dir(file) != "." {
			module := strings.ReplaceAll(strings.TrimPrefix(path.Dir(file), "src/"), "/", ".")
			p.note("%s: the program", file)
			return []string{"python", "-m", module}
		}
	}
	for _, file := range files {
		if text, _ := p.read(file); strings.Contains(text, "__main__") {
			p.note("%s: the program", file)
			return []string{"python", file}
		}
	}
	file := "main.py"
	if len(files) == 1 {
		file = files[0]
	}
	p.note("%s", fmt.Sprintf("no file is clearly the program: %s is taken, set entrypoint", file))
	return []string{"python", file}
}
