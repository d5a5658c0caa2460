package hubapi

import "time"

// Scope is what a token may do; each includes those before it.
type Scope string

// The scopes.
const (
	ScopeRead    Scope = "read"    // see everything but tokens, hooks and logs
	ScopeControl Scope = "control" // switch and set
	ScopeAdmin   Scope = "admin"   // add and remove devices, tokens, hooks; raw calls
)

// rank orders scopes; 0 is none of them.
func (s Scope) rank() int {
	switch s {
	case ScopeRead:
		return 1
	case ScopeControl:
		return 2
	case ScopeAdmin:
		return 3
	}
	return 0
}

// Includes reports whether who has s may do what wants want.
func (s Scope) Includes(want Scope) bool { return s.rank() > 0 && s.rank() >= want.rank() }

// Valid reports whether it is one of the scopes.
func (s Scope) Valid() bool { return s.rank() > 0 }

// Token is a token without its secret.
type Token struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Scope    Scope      `json:"scope" enum:"read,control,admin"`
	Created  time.Time  `json:"created"`
	LastUsed *time.Time `json:"last_used,omitempty" doc:"To about a minute"`
	Expires  *time.Time `json:"expires,omitempty"`
}

// TokenRequest is the body of POST /tokens.
type TokenRequest struct {
	Name    string     `json:"name" minLength:"1" maxLength:"64"`
	Scope   Scope      `json:"scope" enum:"read,control,admin"`
	Expires *time.Time `json:"expires,omitempty"`
}

// NewToken is a token with its secret, which is shown this once.
type NewToken struct {
	Token
	Secret string `json:"token" doc:"To be sent as Authorization: Bearer TOKEN. It is not shown again."`
}

// HookCommand is the one thing that a hook does: exactly one of Set with Device,
// Toggle with Device, Action with Device, and Scene.
type HookCommand struct {
	Device string   `json:"device,omitempty" doc:"The id of a device" maxLength:"256"`
	Set    Settings `json:"set,omitempty" doc:"Features with new values"`
	Toggle bool     `json:"toggle,omitempty"`
	Action string   `json:"action,omitempty" maxLength:"128"`
	Scene  string   `json:"scene,omitempty" doc:"The name of a scene" maxLength:"128"`
}

// HookRequest is the body of POST /hooks.
type HookRequest struct {
	Name    string      `json:"name" pattern:"^[a-z0-9][a-z0-9_-]{0,63}$" doc:"Part of the link"`
	Command HookCommand `json:"command"`
	Once    bool        `json:"once,omitempty" doc:"It works one time"`
	Expires *time.Time  `json:"expires,omitempty"`
}

// Hook is a link that does one thing, without its secret.
type Hook struct {
	Name     string      `json:"name"`
	Command  HookCommand `json:"command"`
	Once     bool        `json:"once,omitempty"`
	Expires  *time.Time  `json:"expires,omitempty"`
	Created  time.Time   `json:"created"`
	LastUsed *time.Time  `json:"last_used,omitempty"`
	Uses     uint64      `json:"uses"`
}

// NewHook is a hook with its link, which is shown this once.
type NewHook struct {
	Hook
	Secret string `json:"token" doc:"It is not shown again."`
	Path   string `json:"path" doc:"The link without the address of the hub" example:"/hook/NAME/TOKEN"`
}
