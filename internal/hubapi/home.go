package hubapi

// ImportRequest is a file of groups, scenes and rules: docs/automation.md.
type ImportRequest struct {
	Name string `json:"name,omitempty" maxLength:"256" doc:"Of the file, for the messages" example:"home.yaml"`
	Text string `json:"text" minLength:"1" doc:"The file: YAML, or JSON as /home gives it"`
}
