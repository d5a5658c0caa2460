package cli

import (
	"bytes"
	"encoding/json"
	"strings"
)

// node is a part of a JSON Schema.
type node struct {
	Schema      string           `json:"$schema,omitempty"`
	Title       string           `json:"title,omitempty"`
	Type        any              `json:"type,omitempty"`
	Description string           `json:"description,omitempty"`
	Enum        []any            `json:"enum,omitempty"`
	Default     any              `json:"default,omitempty"`
	Pattern     string           `json:"pattern,omitempty"`
	Minimum     *float64         `json:"minimum,omitempty"`
	Maximum     *float64         `json:"maximum,omitempty"`
	Items       *node            `json:"items,omitempty"`
	Properties  map[string]*node `json:"properties,omitempty"`
	// Additional is false, or what all other names have.
	Additional any      `json:"additionalProperties,omitempty"`
	Required   []string `json:"required,omitempty"`
}

// The texts of settings that are more than texts.
const (
	durationPattern = `^$|^0$|^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`
	spanPattern     = `^0$|^[0-9]+[dwy]$|^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`
	clockPattern    = `^[0-9]{2}:[0-9]{2}$`
	dayPattern      = `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`
)

// ConfigSchema is the JSON Schema of the configuration file, made from the table
// of settings: editors complete and check with it.
func ConfigSchema() []byte {
	root := object("Configuration of wattle")
	root.Schema, root.Title = "https://json-schema.org/draft/2020-12/schema", "wattle"
	for _, row := range schema {
		at := root
		parts := strings.Split(row.key, ".")
		for i, part := range parts[:len(parts)-1] {
			at = at.section(part, strings.Join(parts[:i+1], "."))
		}
		at.Properties[parts[len(parts)-1]] = row.node()
	}
	root.Properties[tariffsKey] = tariffsNode()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(root) // texts, maps and lists: it cannot fail
	return b.Bytes()
}

// object has only the members that are put into it, or is empty ("key:" alone).
func object(text string) *node {
	return &node{Type: []string{"object", "null"}, Description: text, Properties: map[string]*node{}, Additional: false}
}

// section gives the object below a name; "*" stands for names of the user's.
func (n *node) section(name, path string) *node {
	if name == "*" {
		if under, ok := n.Additional.(*node); ok {
			return under
		}
		under := object("")
		n.Additional = under
		return under
	}
	if n.Properties[name] == nil {
		n.Properties[name] = object("Settings " + path + ".*")
	}
	return n.Properties[name]
}

func (s setting) node() *node {
	n := &node{Description: s.help + " Environment: " + s.env() + "."}
	if strings.Contains(s.key, "*") {
		n.Description = s.help
	}
	switch s.kind {
	case boolean:
		n.Type = "boolean"
		if s.fallback != "" {
			n.Default = s.fallback == "true"
		}
		return n
	case words:
		n.Type, n.Items = []string{"array", "string"}, &node{Type: "string"}
		return n
	case count, number:
		n.Type = map[kind]string{count: "integer", number: "number"}[s.kind]
		n.Minimum, n.Maximum = &s.least, &s.most
		if s.fallback != "" {
			n.Default = json.RawMessage(s.fallback)
		}
		return n
	case duration:
		n.Pattern = durationPattern
	case span:
		n.Pattern = spanPattern
	}
	n.Type = "string"
	if s.kind == span {
		n.Type = []string{"string", "integer"} // 0 without a unit
	}
	for _, c := range s.choices {
		n.Enum = append(n.Enum, c)
	}
	if s.fallback != "" {
		n.Default = s.fallback
	}
	return n
}

// tariffsNode is the list that is no plain value, see [recorder.Tariff].
func tariffsNode() *node {
	text := func(pattern, help string) *node { return &node{Type: "string", Pattern: pattern, Description: help} }
	number := func(help string) *node { return &node{Type: "number", Description: help} }
	rate := &node{
		Type: "object", Additional: false, Required: []string{"name", "begin", "end", "price"}, Description: "A price at certain times",
		Properties: map[string]*node{
			"name": text("", "What it is called"), "days": text("", "Such as mon-fri, weekend or sat,sun; missing: every day"),
			"begin": text(clockPattern, "Time of the day, such as 22:00"), "end": text(clockPattern, "Not included; before begin: over midnight"),
			"price": number("Per kWh"),
		},
	}
	tariff := &node{
		Type: "object", Additional: false, Required: []string{"currency", "price"}, Description: "What energy costs from a day on",
		Properties: map[string]*node{
			"from": text(dayPattern, "The first day; missing: since ever"), "to": text(dayPattern, "The day on which it is over"),
			"currency": text("^[A-Z]{3}$", "Such as EUR"), "price": number("Per kWh"), "standing": number("Per day, whatever is used"),
			"rates": {Type: "array", Items: rate, Description: "The first that fits counts"},
		},
	}
	return &node{Type: []string{"array", "null"}, Items: tariff, Description: "What energy costs; a tariff ends where the next begins."}
}
