package rest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// document is /openapi.json: what huma has found in our types, and what the routes
// themselves see to. The latter is told to readers only, so that who sends something
// wrong gets the words of the route and not those of a schema.
func document(api *huma.OpenAPI) ([]byte, error) {
	data, err := api.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var doc node
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	schemas := doc.at("components", "schemas")
	for name, more := range choices() {
		maps.Copy(schemas.at(name), more)
	}
	schemas.at("ValueRequest", "properties", "value")["anyOf"] = settable()
	schemas.at("ChangeRequest", "properties", "room")["pattern"] = "^[^\\x00-\\x1F\\x7F-\\x9F\u2028\u2029]*$"
	responses := node{}
	for _, r := range refusals {
		responses[r.name] = r.response()
	}
	doc.at("components")["responses"] = responses
	paths := doc.at("paths")
	for path := range paths {
		for method := range paths.at(path) {
			op := paths.at(path, method)
			refuse(op, path, method)
			if op["security"] == nil {
				op["security"] = []node{} // what is left out might have been forgotten
			}
			tellParameters(op)
			if id := op["operationId"]; id == "set-features" || id == "set-group" {
				body := op.at("requestBody", "content", "application/json", "schema")
				body["minProperties"], body["additionalProperties"] = 1, node{"anyOf": settable()}
			}
			for kind := range op.at("requestBody", "content") {
				allowNulls(schemas, op.at("requestBody", "content", kind, "schema"), map[string]bool{})
			}
		}
	}
	return json.Marshal(doc)
}

// node is an object of the document.
type node map[string]any

// at is the object that is found below this one by these names; an empty one of
// nobody where there is none.
func (n node) at(names ...string) node {
	for _, name := range names {
		switch below := n[name].(type) {
		case map[string]any:
			n = below
		case node:
			n = below
		default:
			return node{}
		}
	}
	return n
}

// tellParameters says what pathIsPlain lets through as a part of a path, and leaves
// out what huma has for its own messages.
func tellParameters(op node) {
	list, _ := op["parameters"].([]any)
	for _, p := range list {
		param := node(p.(map[string]any))
		delete(param.at("schema"), "patternDescription")
		if param["in"] == "path" {
			param.at("schema")["pattern"] = `^[^\u0000-\u001f\u007f\ufffd/\\]+$`
		}
	}
}

// eventsOf is the content of a stream of server-sent events, each with an object as
// its data. An OpenAPI document before 3.2 tells one of the events.
func eventsOf(schema string, names ...string) map[string]*huma.MediaType {
	words := make([]any, len(names))
	for i, name := range names {
		words[i] = name
	}
	data := &huma.Schema{Type: huma.TypeString, Extensions: node{
		"contentMediaType": "application/json", "contentSchema": node{"$ref": "#/components/schemas/" + schema},
	}}
	return map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{
		Type: huma.TypeObject, Description: "Each of the events", Required: []string{"event", "data"},
		Properties: map[string]*huma.Schema{"event": {Type: huma.TypeString, Enum: words}, "id": {Type: huma.TypeString}, "data": data},
	}}}
}

// settable are the values that a feature can have.
func settable() []any {
	whole := node{"type": "integer"}
	return []any{
		node{"type": "boolean"}, node{"type": "number"}, node{"type": "string"},
		node{"type": "object", "properties": node{"hue": whole, "saturation": whole, "value": whole},
			"required": []string{"hue", "saturation", "value"}, "additionalProperties": false},
	}
}

// choices say which members of an object go together, by the name of its schema.
// addDevice, changeDevice and usable see to it.
func choices() map[string]node {
	const mac = `^([:.-]*[0-9A-Fa-f]){12}[:.-]*$`
	none := map[string]node{
		"mac": {"maxLength": 0}, "address": {"maxLength": 0}, "device": {"maxLength": 0}, "action": {"maxLength": 0}, "scene": {"maxLength": 0},
		"set": {"maxProperties": 0}, "toggle": {"enum": []any{false, nil}}, "room_from": {"type": "null"},
	}
	// only is an object that has these members and none of the others.
	only := func(has map[string]node, others ...string) node {
		properties, required := node{}, []string{}
		for name, schema := range has {
			properties[name] = schema
			required = append(required, name)
		}
		for _, name := range others {
			properties[name] = none[name]
		}
		slices.Sort(required)
		return node{"required": required, "properties": properties}
	}
	text := node{"type": "string", "minLength": 1}
	return map[string]node{
		"AddRequest": {"anyOf": []node{
			only(map[string]node{"mac": {"type": "string", "pattern": mac}}, "address"), only(map[string]node{"address": text}, "mac"),
		}},
		"ChangeRequest": {"anyOf": []node{
			only(map[string]node{"alias": text}, "room_from"), only(map[string]node{"room": {"type": "string"}}, "room_from"),
			only(map[string]node{"room": {"type": "string", "pattern": `\S`}}),
		}},
		"HookCommand": {"anyOf": []node{
			only(map[string]node{"device": text, "set": {"type": "object", "minProperties": 1}}, "toggle", "action", "scene"),
			only(map[string]node{"device": text, "toggle": {"const": true}}, "set", "action", "scene"),
			only(map[string]node{"device": text, "action": text}, "set", "toggle", "scene"),
			only(map[string]node{"scene": text}, "device", "set", "toggle", "action"),
		}},
	}
}

// allowNulls says of what may be missing in a body that it may be null too, in its
// schema and in all that this is made of.
func allowNulls(schemas, schema node, done map[string]bool) {
	if ref, _ := schema["$ref"].(string); ref != "" {
		name := strings.TrimPrefix(ref, "#/components/schemas/")
		if done[name] {
			return
		}
		done[name] = true
		schema = schemas.at(name)
	}
	required, _ := schema["required"].([]any)
	for name := range schema.at("properties") {
		member := schema.at("properties", name)
		if kind, ok := member["type"].(string); ok && !slices.Contains(required, any(name)) {
			member["type"] = []string{kind, "null"}
			if words, ok := member["enum"].([]any); ok {
				member["enum"] = append(words, nil)
			}
		}
		allowNulls(schemas, member, done)
	}
	for _, below := range []string{"items", "additionalProperties"} {
		if part := schema.at(below); len(part) > 0 {
			allowNulls(schemas, part, done)
		}
	}
}

// refusal is an answer that many operations have in common.
type refusal struct {
	status, name, text string
	header             string // that it has
	on                 func(op node, path, method string) bool
}

var refusals = []refusal{
	{"400", "Request", "It is not understood", "", always},
	{"401", "Token", "There is no token, or a wrong one", "WWW-Authenticate", wantsToken},
	{"403", "Scope", "The token may not do that, or the hub does not do it for safety", "", always},
	{"404", "NotFound", "There is no such thing", "", func(op node, path, _ string) bool {
		return strings.Contains(path, "{") || takes(op, "query", "device") || takes(op, "query", "group") || op["operationId"] == "add-device" || op["operationId"] == "create-hook"
	}},
	{"409", "Conflict", "It is there already, or something stands against it", "", func(op node, _, _ string) bool {
		return op.at("responses")["201"] != nil || op["operationId"] == "remove-device"
	}},
	{"412", "Changed", "It has changed since it was read, or is there already", "", func(op node, _, _ string) bool { return takes(op, "header", "If-Match") }},
	{"413", "TooLarge", "The body is too large", "", always},
	{"415", "MediaType", "The body is of another type", "", wantsToken},
	{"422", "Value", "A value is wrong; errors say which", "", func(op node, _, _ string) bool { return hasBody(op, "", "") || op["parameters"] != nil }},
	{"426", "Upgrade", "This path is for WebSockets", "Upgrade", func(_ node, path, _ string) bool { return strings.HasSuffix(path, "/ws") }},
	{"429", "Rate", "Too many requests", "Retry-After", always},
}

func always(node, string, string) bool { return true }

func wantsToken(op node, _, _ string) bool { return op["security"] != nil }

func hasBody(op node, _, _ string) bool { return op["requestBody"] != nil }

// takes reports whether an operation has a parameter.
func takes(op node, in, name string) bool {
	list, _ := op["parameters"].([]any)
	return slices.ContainsFunc(list, func(p any) bool {
		param, _ := p.(map[string]any)
		return param["name"] == name && param["in"] == in
	})
}

func (r *refusal) response() node {
	out := node{"description": r.text, "content": node{"application/problem+json": node{"schema": node{"$ref": "#/components/schemas/Problem"}}}}
	if r.header != "" {
		out["headers"] = node{r.header: node{"schema": node{"type": "string"}}}
	}
	return out
}

// refuse says how an operation may answer besides what its types tell.
func refuse(op node, path, method string) {
	responses := op.at("responses")
	for _, r := range refusals {
		if r.on(op, path, method) && responses[r.status] == nil {
			responses[r.status] = node{"$ref": "#/components/responses/" + r.name}
		}
	}
	if strings.EqualFold(method, http.MethodGet) && takes(op, "header", "If-None-Match") {
		responses["304"] = node{"description": "It is still what you have", "headers": responses.at("200", "headers")}
	}
	if op["operationId"] == "set-group" || op["operationId"] == "toggle-group" || op["operationId"] == "apply-scene" {
		responses["207"] = node{"description": "Not all went well: error says on which", "content": responses.at("200", "content")}
	}
}
