package rest

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wattle/internal/hubapi"
)

// describeLinks tells the readers of the document of the links that do one thing. They
// are served beside the API: whoever has one needs no token.
func describeLinks(api huma.API) {
	const text = "The path that \"Make a link\" has answered, by GET or POST, without a token. A wrong link, one that was used and one whose " +
		"time is over are all 404; too many wrong ones from one address are refused for some seconds. Browsers that look ahead do not use it."
	word := func(in, name, doc string) *huma.Param {
		return &huma.Param{In: in, Name: name, Required: true, Description: doc, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	done := &huma.Response{Description: "It was done", Content: map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{
			Type: huma.TypeObject, Required: []string{"did"}, AdditionalProperties: false,
			Properties: map[string]*huma.Schema{"did": {Type: huma.TypeString, Description: "What was done", Examples: []any{"Desk lamp is on"}}},
		}},
		"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}, // for who wants text/html
	}}
	failed := api.OpenAPI().Paths[hubapi.Prefix+"/hooks"].Get.Responses["default"]
	name := word("path", "name", "The name of the link")
	for path, secret := range map[string]*huma.Param{
		hookPath + "{name}/{token}": word("path", "token", "Its secret"),
		hookPath + "{name}":         word("query", "token", "Its secret"),
	} {
		for method, id := range map[string]string{http.MethodGet: "use-link", http.MethodPost: "post-link"} {
			if secret.In == "query" {
				id += "-by-query"
			}
			api.OpenAPI().AddOperation(&huma.Operation{
				OperationID: id, Method: method, Path: path, Tags: []string{"access"}, Summary: "Do the one thing that a link is for", Description: text,
				Parameters: []*huma.Param{name, secret}, Responses: map[string]*huma.Response{"200": done, "default": failed},
			})
		}
	}
}
