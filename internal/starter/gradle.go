// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

func writeGradle(p *project) (page, error) {
	file := p.first("build.gradle.kts", "build.gradle")
	text, err := p.read(file)
	if err != nil {
		return page{}, err
	}
	text = withoutComments(text, ".gradle")
	d := javaPage{Cache: "gradle", Java: p.javaVersion(file, gradleRelease(text))}
	d.Tool = "gradle:" + p.gradleVersion() + "-jdk" + d.Java
	d.Manifests = p.present("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "gradle.properties", "gradle.lockfile", "gradle/libs.versions.toml")
	quiet := &project{fsys: p.fsys}
	d.Sources = append(p.present("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "gradle.properties", "gradle.lockfile"),
		quiet.shipped("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "gradle.properties", "gradle.lockfile", "gradlew", "gradlew.bat", "build")...)
	d.Name = cmp.Or(p.gradleName(), p.name)
	files := p.sources(".java", ".kt", ".properties", ".yml", ".yaml")
	d.service = p.service(files)
	version := regexp.MustCompile(`(?m)^\s*version\s*=?\s*["']([\w.-]+)["']`).FindStringSubmatch(text)
	jar := d.Name + ".jar"
	if version != nil {
		jar = d.Name + "-" + version[1] + ".jar"
	}
	if strings.Contains(text, "org.springframework.boot") {
		d.Jar = "/src/build/libs/" + jar
		return d.springBoot(p, "gradle --no-daemon bootJar")
	}
	if !regexp.MustCompile(`(?m)^\s*(?:id\s*\(?\s*["']application["']|application\s*$|application\s*\{|apply plugin: ["']application["'])`).MatchString(text) {
		return page{}, fmt.Errorf("%s: it has no program: apply the plugin application, or org.springframework.boot", file)
	}
	p.note("%s: the plugin application installs %s with its libraries", file, d.Name)
	d.Application = "/src/build/install/" + d.Name
	d.Jar = jar
	d.Package = "gradle --no-daemon installDist"
	d.Entry = []string{"/app/bin/" + d.Name}
	d.tell(p)
	d.Try, d.File = append(slices.Clone(d.Entry), "--help"), "/app/bin/"+d.Name
	return page{"gradle.yaml", d}, nil
}

// gradleRelease is the release of Java that a build script asks for.
func gradleRelease(text string) string {
	for _, pattern := range []string{
		`JavaLanguageVersion\.of\(\s*(\d+)`, `jvmToolchain\(\s*(\d+)`, `options\.release(?:\.set\(|\s*=\s*)\s*(\d+)`,
		`(?:source|target)Compatibility\s*=?\s*["']?(?:JavaVersion\.VERSION_)?(?:1[._])?(\d+)`,
	} {
		if m := regexp.MustCompile(pattern).FindStringSubmatch(text); m != nil {
			return m[1]
		}
	}
	return ""
}

// gradleVersion is the major version of Gradle that the wrapper has.
func (p *project) gradleVersion() string {
	const file = "gradle/wrapper/gradle-wrapper.properties"
	text, _ := p.read(file)
	if m := regexp.MustCompile(`gradle-(\d+(?:\.\d+)+)-`).FindStringSubmatch(text); m != nil {
		p.note("%s: Gradle %s", file, m[1])
		return m[1]
	}
	return "9"
}

// gradleName is the name of the root project.
func (p *project) gradleName() string {
	for _, file := range []string{"settings.gradle.kts", "settings.gradle"} {
		text, _ := p.read(file)
		if m := regexp.MustCompile(`rootProject\.name\s*=\s*["']([\w.-]+)["']`).FindStringSubmatch(text); m != nil {
			return m[1]
		}
	}
	return ""
}
