// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"math"
	"strings"
)

// formed gives a string a schema of its own, beside the check that the parser makes. The
// schema is one for a scalar; a map by platform has it for each value.
func formed(k kind[String], scalar schema) kind[String] {
	k.schema = when(
		hasPlatform(),
		schema{"propertyNames": schema{"$ref": "#/$defs/platform"}, "additionalProperties": scalar},
		scalar,
	)
	return k
}

// hasPlatform is a schema of maps with a platform among their keys, as byPlatform.
func hasPlatform() schema {
	return schema{"type": "object", "not": schema{"propertyNames": schema{"not": schema{"$ref": "#/$defs/platform"}}}}
}

// when is a schema that chooses between two others, so that an editor tells what is
// wrong by the one that is meant, and not by both. Either may be nil.
func when(test, then, otherwise schema) schema {
	s := schema{"if": test}
	if then != nil {
		s["then"] = then
	}
	if otherwise != nil {
		s["else"] = otherwise
	}
	return s
}

// never is a schema that no map matches.
func never(message string) schema { return schema{"type": "string", "errorMessage": message} }

// shaped is a schema of texts that match a pattern. Where an argument is expanded in a
// text, it may be anything.
func shaped(pattern, want string) schema {
	return schema{"type": "string", "pattern": "^(?:" + pattern + `)$|\$`, "errorMessage": "want " + want}
}

// orNumber lets a number in a range stand for a text, too.
func orNumber(s schema, least, most int) schema {
	inRange := schema{"minimum": least, "maximum": most}
	return when(schema{"type": "integer"}, when(inRange, nil, schema{"type": "string", "errorMessage": s["errorMessage"]}), s)
}

// absolute is a path that begins with a slash.
func absolute(more ...func(string) error) kind[String] {
	return formed(text(append([]func(string) error{checkAbsolute}, more...)...), absoluteSchema())
}

func absoluteSchema() schema {
	return schema{"type": "string", "pattern": "^[/$]", "errorMessage": "want an absolute path, such as /srv/app"}
}

// inTree is a path below the top of a tree.
func inTree() kind[String] {
	return formed(text(valid(CleanSource)), schema{
		"$ref": "#/$defs/scalar", "pattern": `^(?:\.?$|[^.]|\.[^.]|\.\.[^/])`,
		"errorMessage": "want a path in the context, or in from; ../ leaves it",
	})
}

const octal = "(?:0o)?0*[0-7]{1,4}"

// fileMode is the mode of a file.
func fileMode() kind[String] {
	return formed(text(valid(ParseMode)), orNumber(shaped(octal, "an octal number up to 07777, such as 0644"), 0, 7777))
}

// modeOrChange is the mode of a file, or a change of it.
func modeOrChange() kind[String] {
	const change = "[ugoa]*[-+=][rwxXstugoa+=-]*"
	return formed(text(checkModeChange), orNumber(shaped(octal+"|"+change+"(?:,"+change+")*", "an octal number such as 0644, or a change such as u+x,go-w"), 0, 7777))
}

// owner is user or user:group.
func owner() kind[String] {
	return formed(text(valid(ParseOwner)), orNumber(shaped(accountPattern+"(?::"+accountPattern+")?", "user or user:group"), 0, math.MaxInt32))
}

// ownership also takes :group.
func ownership() kind[String] {
	return formed(text(valid(ParseOwnership)), orNumber(shaped(accountPattern+"(?::"+accountPattern+")?|:"+accountPattern, "user, user:group or :group"), 0, math.MaxInt32))
}

const accountPattern = `[^:\s/,]+`

// ports is a port or a range of them.
func ports() kind[String] {
	const number = "0*(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
	s := shaped(number+"(?:-"+number+")?(?:/(?:[tT][cC][pP]|[uU][dD][pP]|[sS][cC][tT][pP]))?", "a port from 1 to 65535, as 8080, 53/udp or 8000-8010/tcp")
	return formed(text(valid(ParsePort)), orNumber(s, 1, math.MaxUint16))
}

// chosen is one of some words; true and false may stand without quotes.
func chosen(parse func(string) (string, error), words ...string) kind[String] {
	values := anys(words)
	for _, w := range words {
		if w == "true" || w == "false" {
			values = append(values, w == "true")
		}
	}
	message := "want " + strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
	if len(words) == 1 {
		message = "want " + words[0]
	}
	return offering(words, formed(text(valid(parse)), schema{"anyOf": []any{
		schema{"enum": values, "errorMessage": message},
		schema{"type": "string", "pattern": `\$`},
	}}))
}

// offering has an editor offer some words, which it doesn't look for below a condition.
func offering(words []string, k kind[String]) kind[String] {
	k.schema[offered] = anys(words)
	return k
}

// offered is the key of a schema whose values editors offer.
const offered = "examples"

// duration is a time such as 1m30s.
func duration() kind[String] {
	const part = "(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h)"
	return formed(text(valid(ParseDuration)), schema{"anyOf": []any{
		shaped(`\+?(?:0|(?:`+part+")+)", "a duration such as 30s or 1m30s"),
		schema{"const": 0},
	}})
}

// size is a number of bytes, with a unit if need be.
func size() kind[String] {
	return formed(text(valid(ParseSize)), orNumber(shaped("[0-9]+(?:[kKmMgGtT](?:[iI]?[bB])?|[bB])?", "a number of bytes, or one with a unit, such as 64m"), 0, math.MaxInt))
}

// digest is the digest of a file.
func digest() kind[String] {
	return formed(text(checkDigest), shaped("sha256:[0-9a-f]{64}", "sha256: and 64 hexadecimal digits in lower case"))
}

// address is one of HTTP.
func address() kind[String] {
	return formed(text(checkURL), shaped(`https?://[^/\s]\S*`, "an http or https address"))
}

// signal is the name or the number of a signal.
func signal() kind[String] {
	return formed(text(valid(ParseSignal)), orNumber(shaped(signalPattern(), "a signal such as SIGTERM or 15"), 1, 99))
}

// platform is one that a step runs on.
func platform() kind[String] {
	return formed(text(checkPlatform), shaped(strings.Trim(platformPattern(), "^$"), "a platform such as linux/arm64"))
}

// platformPattern is that of a platform's name.
func platformPattern() string {
	architecture := "(?:" + strings.Join(architectures(), "|") + ")"
	return fmt.Sprintf("^(?:%[1]s|(?:%[2]s)/%[1]s(?:/[^/]+)?)$", architecture, strings.Join(systems(), "|"))
}

// accountNumber is the number of a user or a group.
func accountNumber() kind[String] {
	return formed(text(valid(ParseID)), orNumber(shaped("[0-9]+", "a number"), 0, math.MaxInt32-1))
}

// cacheTarget is where a cache is, or the name of a tool.
func cacheTarget() kind[String] {
	var names []string
	for _, t := range Tools() {
		names = append(names, t.Name)
	}
	return offering(names, formed(text(checkCache), schema{"anyOf": []any{
		schema{"enum": anys(names), "errorMessage": "want an absolute path, or one of " + strings.Join(names, ", ")},
		schema{"type": "string", "pattern": "^/|\\$"},
	}}))
}
