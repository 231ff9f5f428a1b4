// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// javaPage is the data of templates/maven.yaml, templates/gradle.yaml and
// templates/springboot.yaml.
type javaPage struct {
	service
	// Java is the release, and Tool the tag of the image with the build tool.
	Java, Tool string
	// Manifests say which libraries.
	Manifests, Sources []string
	// Jar is what is made, and Main the class that is started.
	Jar, Main string
	// Libraries says that there are some.
	Libraries bool
	Entry     []string
	// Package makes the program.
	Package string
	// Cache is the name of the tool's cache.
	Cache string
	// Application is the directory that Gradle's plugin makes.
	Application, Name string
}

// pom is what is read of a pom.xml.
type pom struct {
	Artifact string `xml:"artifactId"`
	Version  string `xml:"version"`
	Package  string `xml:"packaging"`
	Parent   struct {
		Artifact string `xml:"artifactId"`
		Version  string `xml:"version"`
	} `xml:"parent"`
	Properties struct {
		All []struct {
			XMLName xml.Name
			Value   string `xml:",chardata"`
		} `xml:",any"`
	} `xml:"properties"`
	Modules      []string `xml:"modules>module"`
	Dependencies []struct {
		Artifact string `xml:"artifactId"`
		Scope    string `xml:"scope"`
	} `xml:"dependencies>dependency"`
	Final   string `xml:"build>finalName"`
	Plugins []struct {
		Artifact      string `xml:"artifactId"`
		Configuration struct {
			Release string `xml:"release"`
			Source  string `xml:"source"`
			Main    string `xml:"archive>manifest>mainClass"`
			Class   string `xml:"mainClass"`
		} `xml:"configuration"`
	} `xml:"build>plugins>plugin"`
}

func javaRuntime() runtime {
	return runtime{name: "Java", def: "21", known: []string{"25", "17", "11", "8"}}
}

// property is the value of a property, with the properties in it.
func (m pom) property(name string) string {
	for _, prop := range m.Properties.All {
		if prop.XMLName.Local == name {
			return m.expand(prop.Value)
		}
	}
	return ""
}

// expand replaces a value that is one property.
func (m pom) expand(text string) string {
	text = strings.TrimSpace(text)
	name, ok := strings.CutPrefix(text, "${")
	if name = strings.TrimSuffix(name, "}"); !ok {
		return text
	}
	for _, prop := range m.Properties.All {
		if prop.XMLName.Local == name && !strings.Contains(prop.Value, "${") {
			return strings.TrimSpace(prop.Value)
		}
	}
	return ""
}

func (m pom) plugin(name string) bool {
	for _, plugin := range m.Plugins {
		if plugin.Artifact == name {
			return true
		}
	}
	return false
}

func writeMaven(p *project) (page, error) {
	text, err := p.read("pom.xml")
	if err != nil {
		return page{}, err
	}
	var m pom
	if err := xml.Unmarshal([]byte(text), &m); err != nil {
		return page{}, fmt.Errorf("read pom.xml: %w", err)
	}
	release := m.property("maven.compiler.release")
	for _, plugin := range m.Plugins {
		if plugin.Artifact == "maven-compiler-plugin" {
			release = cmp.Or(release, m.expand(plugin.Configuration.Release), m.expand(plugin.Configuration.Source))
		}
	}
	release = cmp.Or(release, m.property("java.version"), m.property("maven.compiler.source"))
	d := javaPage{Java: p.javaVersion("pom.xml", release), Cache: "maven", Tool: "maven:3"}
	d.Tool += "-eclipse-temurin-" + d.Java
	d.Manifests = p.present("pom.xml", ".mvn")
	quiet := &project{fsys: p.fsys}
	d.Sources = append(slices.Clone(d.Manifests), quiet.shipped("pom.xml", "mvnw", "mvnw.cmd")...)
	if m.Modules != nil {
		return page{}, fmt.Errorf("pom.xml: a project of several modules (%s): run init in the directory of the one that is a program, or start with from: %s", strings.Join(m.Modules, ", "), d.Tool)
	}
	files := p.sources(".java", ".kt", ".properties", ".yml", ".yaml")
	d.service = p.service(files)
	name := cmp.Or(m.expand(m.Final), m.Artifact+"-"+cmp.Or(m.expand(m.Version), m.Parent.Version))
	if safeName(name) != name {
		return page{}, fmt.Errorf("pom.xml: the name of the archive isn't clear: give the project an artifactId and a version, or a finalName")
	}
	kind, boot := cmp.Or(m.expand(m.Package), "jar"), m.plugin("spring-boot-maven-plugin")
	if kind != "jar" && (kind != "war" || !boot) {
		return page{}, fmt.Errorf("pom.xml: its packaging is %s, and no program that can be started by itself", kind)
	}
	d.Jar = "/src/target/" + name + "." + kind
	if boot {
		return d.springBoot(p, "mvn -B -DskipTests package")
	}
	for _, dep := range m.Dependencies {
		d.Libraries = d.Libraries || !slices.Contains([]string{"test", "provided", "system"}, dep.Scope)
	}
	d.Package = "mvn -B -DskipTests package"
	whole := m.plugin("maven-shade-plugin") || m.plugin("maven-assembly-plugin")
	if whole {
		d.Libraries = false
		p.note("pom.xml: one archive with all libraries")
	}
	d.Main = m.main(p, files)
	d.Entry = []string{"java", "-cp", "/app/app.jar:/app/lib/*", d.Main}
	if !d.Libraries {
		d.Entry = []string{"java", "-cp", "/app/app.jar", d.Main}
	}
	d.tell(p)
	d.Try, d.File = append(slices.Clone(d.Entry), "--help"), "/app/app.jar"
	return page{"maven.yaml", d}, nil
}

// javaVersion decides on the release.
func (p *project) javaVersion(file, release string) string {
	return p.version(javaRuntime(), pin{".java-version", strings.TrimPrefix(p.word(".java-version"), "1."), exact},
		pin{".sdkmanrc", firstGroup(`^java=(\d+)`, p.word(".sdkmanrc")), exact},
		pin{file, strings.TrimPrefix(release, "1."), least})
}

// main is the class that is started.
func (m pom) main(p *project, files []string) string {
	for _, plugin := range m.Plugins {
		if class := cmp.Or(m.expand(plugin.Configuration.Main), m.expand(plugin.Configuration.Class)); class != "" {
			p.note("pom.xml: %s is started", class)
			return class
		}
	}
	if class := cmp.Or(m.property("exec.mainClass"), m.property("mainClass"), m.property("main.class")); class != "" {
		p.note("pom.xml: %s is started", class)
		return class
	}
	return p.mainClass(files)
}

// mainClass finds the class with a main method.
func (p *project) mainClass(files []string) string {
	for _, file := range files {
		text, _ := p.read(file)
		if path.Ext(file) != ".java" || !strings.Contains(text, "static void main(") {
			continue
		}
		class := strings.TrimSuffix(path.Base(file), ".java")
		if m := regexp.MustCompile(`(?m)^\s*package\s+([\w.]+)\s*;`).FindStringSubmatch(text); m != nil {
			class = m[1] + "." + class
		}
		p.note("%s: has the method main", file)
		return class
	}
	p.note("no class has a method main: set entrypoint")
	return "Main"
}

// springBoot takes the layers of a Spring Boot archive apart.
func (d javaPage) springBoot(p *project, command string) (page, error) {
	p.note("Spring Boot: libraries and classes are layers of their own")
	d.Package = command
	if d.serves(8080) {
		p.note("Spring Boot listens on port 8080")
	}
	d.tell(p)
	if d.Path == "" && strings.Contains(p.all(p.present("pom.xml", "build.gradle", "build.gradle.kts")), "spring-boot-starter-actuator") {
		d.Path = "/actuator/health"
	}
	return page{"springboot.yaml", d}, nil
}
