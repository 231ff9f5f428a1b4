// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// pythonPage is the data of templates/python.yaml.
type pythonPage struct {
	service
	pythonPackages
	Version string
	Entry   []string
	Files   []string
	// SourceRoot says that modules are looked for in src.
	SourceRoot bool
}

// pythonPackages is how the packages of a project are installed, into /opt/venv.
type pythonPackages struct {
	// Caches are the names of the package manager's caches.
	Caches []string
	// Source is what says which packages, or Whole all of the project, where those are
	// installed with it; Commands install them.
	Source   []string
	Whole    []string
	Commands []string
	Env      map[string]string
	// Project installs the project itself, with the paths in the environment that it
	// puts there; empty if it is run from its files.
	Project     []string
	ProjectCopy []string
	Installed   []string
}

// pyproject is what is read of a pyproject.toml.
type pyproject struct {
	Project struct {
		Name         string            `toml:"name"`
		Python       string            `toml:"requires-python"`
		Dependencies []string          `toml:"dependencies"`
		Scripts      map[string]string `toml:"scripts"`
		Readme       any               `toml:"readme"`
	} `toml:"project"`
	BuildSystem map[string]any `toml:"build-system"`
	Tool        struct {
		UV     map[string]any `toml:"uv"`
		Poetry struct {
			Name         string         `toml:"name"`
			Dependencies map[string]any `toml:"dependencies"`
			Scripts      map[string]any `toml:"scripts"`
		} `toml:"poetry"`
	} `toml:"tool"`
}

// Needed are the sources that packages are installed by.
func (n pythonPackages) Needed() []string { return append(slices.Clone(n.Source), n.Whole...) }

// PackagesScript installs the packages.
func (n pythonPackages) PackagesScript() string { return strings.Join(n.Commands, "\n") }

// ProjectScript installs the project.
func (n pythonPackages) ProjectScript() string { return strings.Join(n.Project, "\n") }

func pythonRuntime() runtime {
	return runtime{name: "Python", def: "3.13", known: []string{"3.12", "3.14", "3.11", "3.10", "3.9"}}
}

func writePython(p *project) (page, error) {
	var py pyproject
	text, err := p.read("pyproject.toml")
	if err == nil {
		err = toml.Unmarshal([]byte(text), &py)
	}
	if err != nil {
		return page{}, fmt.Errorf("read pyproject.toml: %w", err)
	}
	poetryPython, _ := py.Tool.Poetry.Dependencies["python"].(string)
	d := pythonPage{Version: p.version(pythonRuntime(),
		pin{".python-version", p.word(".python-version"), exact}, pin{".tool-versions", p.toolVersion("python"), exact},
		pin{"runtime.txt", strings.TrimPrefix(p.word("runtime.txt"), "python-"), exact},
		pin{"pyproject.toml", py.Project.Python, ranged}, pin{"pyproject.toml", poetryPython, ranged})}
	d.pythonPackages = p.pythonPackages(py)
	files := p.sources(".py")
	d.service = p.service(files)
	d.pythonEntry(p, py, files)
	if d.Project == nil {
		d.Files = p.shipped(append(d.Source, "pyproject.toml", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile", "Pipfile.lock", "requirements-dev.txt", "setup.py", "setup.cfg", "tox.ini", "pytest.ini", "runtime.txt")...)
	}
	d.SourceRoot = d.Project == nil && slices.ContainsFunc(files, func(file string) bool {
		return strings.HasPrefix(file, "src/")
	})
	d.tell(p)
	d.Try, d.File = append(slices.Clone(d.Entry), "--help"), "/opt/venv/bin/python"
	return page{"python.yaml", d}, nil
}

// pythonPackages sees which package manager a project uses.
func (p *project) pythonPackages(py pyproject) pythonPackages {
	var n pythonPackages
	switch {
	case p.has("uv.lock"):
		n = p.uv(py)
	case p.has("poetry.lock") || py.Tool.Poetry.Dependencies != nil && !p.has("requirements.txt"):
		n = p.poetry()
	default:
		n = p.pip(py)
	}
	n.Env = cloneWith(n.Env, "SOURCE_DATE_EPOCH", "315532800")
	n.install(p, py)
	return n
}

func cloneWith(m map[string]string, name, value string) map[string]string {
	all := map[string]string{name: value}
	for k, v := range m {
		all[k] = v
	}
	return all
}

func (p *project) uv(py pyproject) pythonPackages {
	p.note("uv.lock: uv")
	n := pythonPackages{
		Caches: []string{"uv", "pip"},
		Source: p.present("pyproject.toml", "uv.lock", "uv.toml"),
		Commands: []string{
			"pip install uv",
			"uv sync --locked --no-dev --no-install-project",
		},
		Env: map[string]string{"UV_PROJECT_ENVIRONMENT": "/opt/venv", "UV_PYTHON_DOWNLOADS": "never", "UV_COMPILE_BYTECODE": "1"},
	}
	if py.Tool.UV["workspace"] != nil {
		p.note("pyproject.toml: a workspace: its members are installed with the packages, for which all sources are needed")
		quiet := &project{fsys: p.fsys}
		n.Whole = quiet.shipped(n.Source...)
		n.Commands[1] += " --no-editable"
	}
	return n
}

func (p *project) poetry() pythonPackages {
	p.note("%s: Poetry", cmp.Or(p.first("poetry.lock"), "pyproject.toml"))
	return pythonPackages{
		Caches: []string{"poetry", "pip"},
		Source: p.present("pyproject.toml", "poetry.lock", "poetry.toml"),
		Commands: []string{
			"python -m venv /opt/venv",
			"pip install poetry",
			"VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH poetry install --only main --no-root",
		},
		Env: map[string]string{"POETRY_NO_INTERACTION": "1"},
	}
}

func (p *project) pip(py pyproject) pythonPackages {
	n := pythonPackages{Caches: []string{"pip"}, Commands: []string{"python -m venv /opt/venv"}}
	if file := p.first("requirements.txt", "requirements/production.txt", "requirements/prod.txt", "requirements/base.txt"); file != "" {
		p.note("%s: pip", file)
		n.Source = p.present(path.Dir(file))
		if n.Source[0] == "." {
			n.Source = append([]string{file}, p.includedRequirements(file)...)
		}
		if path.Dir(file) == "." {
			file = path.Base(file)
		}
		if text, _ := p.read(file); ownRequirement().MatchString(text) {
			p.note("%s: the project itself isn't installed, but run from its files", file)
			n.Commands = append(n.Commands, `sed -i -E '/`+ownRequirementForm+`/d' `+file)
		}
		n.Commands = append(n.Commands, "/opt/venv/bin/pip install -r "+file)
		return n
	}
	if p.has("pdm.lock") {
		p.note("pdm.lock: PDM isn't known, so that versions are chosen when it is built: write its requirements by \"pdm export --prod -o requirements.txt\"")
	}
	if p.has("Pipfile") {
		p.note("Pipfile: Pipenv isn't known: write its requirements by \"pipenv requirements > requirements.txt\"")
	}
	if len(py.Project.Dependencies) > 0 {
		p.note("pyproject.toml: pip")
		n.Source = []string{"pyproject.toml"}
		n.Commands = append(n.Commands,
			`python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' > /tmp/requirements.txt`,
			"/opt/venv/bin/pip install -r /tmp/requirements.txt")
		return n
	}
	if setup := p.first("setup.py", "setup.cfg"); setup != "" {
		p.note("%s: pip installs the project with its packages, for which all sources are needed", setup)
		quiet := &project{fsys: p.fsys}
		n.Source = p.present("setup.py", "setup.cfg", "pyproject.toml")
		n.Whole = append(p.present("README.md", "README.rst", "README.txt", "README", "LICENSE"), quiet.shipped(n.Source...)...)
		n.Commands = append(n.Commands, "/opt/venv/bin/pip install .")
		return n
	}
	p.note("no packages are named: pip")
	return n
}

// ownRequirementForm is how requirements name the project that they are of: its sources aren't
// where packages are installed.
const ownRequirementForm = `^[ \t]*((-e|--editable)[ =][ \t]*)?\.(\[[^]]*\])?[ \t]*(#.*)?$`

func ownRequirement() *regexp.Regexp { return regexp.MustCompile(`(?m)` + ownRequirementForm) }

// includedRequirements are the files that a list of requirements takes in.
func (p *project) includedRequirements(file string) []string {
	text, _ := p.read(file)
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^\s*(?:-[rc]|--requirement|--constraint)[ =]\s*(\S+)`).FindAllStringSubmatch(text, -1) {
		if name := path.Clean(m[1]); !strings.HasPrefix(name, "..") && !strings.Contains(name, ":") && p.has(name) {
			all = append(all, name)
		}
	}
	return all
}

// install sees whether the project itself is a package that must be installed.
func (n *pythonPackages) install(p *project, py pyproject) {
	name := cmp.Or(py.Project.Name, py.Tool.Poetry.Name)
	scripts := scriptsOf(py)
	if py.BuildSystem == nil || name == "" || len(scripts) == 0 {
		return
	}
	n.Project = []string{"/opt/venv/bin/pip install --no-deps ."}
	if n.Caches[0] == "uv" {
		n.Project = []string{"pip install uv", "uv sync --locked --no-dev --no-editable"}
	}
	quiet := &project{fsys: p.fsys}
	n.ProjectCopy = append(p.present("pyproject.toml", "uv.lock", "setup.py", "setup.cfg", "MANIFEST.in"), quiet.shipped("pyproject.toml", "uv.lock", "poetry.lock", "setup.py", "setup.cfg", "MANIFEST.in", "requirements.txt", "Pipfile", "Pipfile.lock")...)
	if readme, ok := py.Project.Readme.(string); ok && p.has(readme) {
		n.ProjectCopy = append(n.ProjectCopy, readme)
	}
	for _, script := range scripts {
		n.Installed = append(n.Installed, "bin/"+script)
	}
	for _, file := range p.files {
		dir := path.Dir(strings.TrimPrefix(file, "src/"))
		if path.Base(file) == "__init__.py" && !strings.Contains(dir, "/") && !isForTests(file) && dir != "." {
			n.Installed = append(n.Installed, "lib/*/site-packages/"+dir)
		}
	}
	dist := regexp.MustCompile(`[-_.]+`).ReplaceAllString(strings.ToLower(name), "_")
	n.Installed = append(n.Installed, "lib/*/site-packages/"+dist+"-*.dist-info")
	p.note("pyproject.toml: %s is installed as a package", name)
}

// scriptsOf are the programs that a project installs, in order.
func scriptsOf(py pyproject) []string {
	var all []string
	for name := range py.Project.Scripts {
		all = append(all, name)
	}
	for name := range py.Tool.Poetry.Scripts {
		all = append(all, name)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(name string) bool { return safeName(name) != name })
}
