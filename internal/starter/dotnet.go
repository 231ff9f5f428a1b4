// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"encoding/xml"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// dotnetPage is the data of templates/dotnet.yaml.
type dotnetPage struct {
	service
	Version string
	// Project is the file that is published, and Name what that makes.
	Project, Name string
	// Runtime is the name of the image that programs run in.
	Runtime string
	Source  []string
	// Nested says that projects lie in directories, where local builds leave theirs.
	Nested bool
	// Restored are the files that say which packages.
	Restored []string
	// HasUser says that the base has the user app.
	HasUser bool
}

// projectFile is what is read of a .csproj.
type projectFile struct {
	SDK    string `xml:"Sdk,attr"`
	Groups []struct {
		Target   string `xml:"TargetFramework"`
		Targets  string `xml:"TargetFrameworks"`
		Output   string `xml:"OutputType"`
		Assembly string `xml:"AssemblyName"`
	} `xml:"PropertyGroup"`
}

func writeDotnet(p *project) (page, error) {
	file, m, err := p.dotnetProject()
	if err != nil {
		return page{}, err
	}
	d := dotnetPage{Project: file, Name: strings.TrimSuffix(path.Base(file), path.Ext(file)), Runtime: "runtime"}
	framework := ""
	for _, group := range m.Groups {
		if group.Assembly != "" {
			d.Name = group.Assembly
		}
		for _, name := range append(strings.Split(group.Targets, ";"), group.Target) {
			if strings.HasPrefix(name, "net") {
				framework = name
			}
		}
	}
	if safeName(d.Name) != d.Name || strings.Contains(file, "$") {
		return page{}, fmt.Errorf("%s: the name of the assembly isn't clear: set AssemblyName", file)
	}
	number := regexp.MustCompile(`^net(?:coreapp)?(\d+\.\d+)`).FindStringSubmatch(framework)
	d.Version = p.version(runtime{name: ".NET", def: "10.0"}, pin{file, strings.Join(number[min(1, len(number)):], ""), exact})
	v, _ := parseVersion(d.Version)
	d.HasUser = v[0] >= 8
	d.service = p.service(p.sources(".cs", ".fs", ".vb"))
	if m.SDK == "Microsoft.NET.Sdk.Web" {
		d.Runtime, d.Listens = "aspnet", true
		d.Port, d.seen = 8080, ""
		p.note("%s: a web application, which listens on port 8080", file)
	}
	for _, f := range p.files {
		if slices.Contains([]string{".csproj", ".fsproj", ".vbproj"}, path.Ext(f)) {
			d.Restored = append(d.Restored, f)
			d.Nested = d.Nested || path.Dir(f) != "."
		}
	}
	d.Restored = append(d.Restored, p.present("packages.lock.json", "nuget.config", "NuGet.config", "Directory.Packages.props", "Directory.Build.props", "global.json")...)
	d.Source = p.shipped("bin", "obj", "README.md")
	d.tell(p)
	d.Try, d.File = []string{"dotnet", "/app/" + d.Name + ".dll", "--help"}, "/app/"+d.Name+".dll"
	return page{"dotnet.yaml", d}, nil
}

// dotnetProject chooses the project that is a program.
func (p *project) dotnetProject() (string, projectFile, error) {
	var all []string
	var chosen string
	var first projectFile
	for _, file := range p.files {
		if !slices.Contains([]string{".csproj", ".fsproj", ".vbproj"}, path.Ext(file)) {
			continue
		}
		text, err := p.read(file)
		if err != nil {
			return "", first, err
		}
		var m projectFile
		if err := xml.Unmarshal([]byte(text), &m); err != nil {
			return "", first, fmt.Errorf("read %s: %w", file, err)
		}
		if isForTests(file) || !m.isProgram() {
			continue
		}
		if all = append(all, file); chosen == "" {
			chosen, first = file, m
		}
	}
	if chosen == "" {
		return "", first, fmt.Errorf("no project is a program: one has the SDK Microsoft.NET.Sdk.Web, or <OutputType>Exe</OutputType>")
	}
	if len(all) > 1 {
		p.note("%s is published; other programs are %s", chosen, strings.Join(all[1:], ", "))
	} else {
		p.note("%s: the program", chosen)
	}
	return chosen, first, nil
}

func (m projectFile) isProgram() bool {
	for _, group := range m.Groups {
		if strings.EqualFold(group.Output, "exe") {
			return true
		}
	}
	return m.SDK == "Microsoft.NET.Sdk.Web" || m.SDK == "Microsoft.NET.Sdk.Worker"
}

// Restore fetches the packages.
func (d dotnetPage) Restore() string { return "dotnet restore " + shell(d.Project) }

// Publish makes the program.
func (d dotnetPage) Publish() string {
	return "dotnet publish " + shell(d.Project) + " --no-restore --configuration Release --output /app -p:UseAppHost=false"
}
