package hubapi

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"wattle"
)

// Problem is an error on its way over HTTP, by RFC 9457. It is an error itself:
// errors.Is finds its class, and errors.As a *[wattle.DeviceError] or
// *[wattle.CloudError] where it is the refusal of a device or of the cloud.
type Problem struct { //nolint:errname // the name that RFC 9457 gives it
	Type   string `json:"type" doc:"A URN for the class of the problem" example:"urn:wattle:problem:unreachable"`
	Title  string `json:"title" doc:"The class in a few words"`
	Status int    `json:"status" doc:"The HTTP status" minimum:"400" maximum:"599"`
	Detail string `json:"detail" doc:"What is wrong here, and what to do about it"`
	// Class is the word of the class of the error, "" where it has none.
	Class string `json:"class,omitempty" doc:"The class as one word" example:"unreachable"`
	// Errors say which parts of a request are wrong.
	Errors []Fault `json:"errors,omitempty" doc:"What is wrong with which part of the request"`

	// Code, Family, Method and Message are those of a refusal by a device, or by
	// the cloud with the family "cloud".
	Code    *int   `json:"code,omitempty" doc:"What the device answered"`
	Family  string `json:"family,omitempty" doc:"The language of the device, or cloud"`
	Method  string `json:"method,omitempty" doc:"The method that was refused"`
	Message string `json:"message,omitempty" doc:"The device's own words"`
	Hint    string `json:"hint,omitempty" doc:"What a person can do about it"`
	// CloudStatus is the HTTP status of the cloud where it gave no code.
	CloudStatus int `json:"cloud_status,omitempty" doc:"The HTTP status of the cloud"`
}

// Fault is what is wrong with one part of a request.
type Fault struct {
	Message  string `json:"message"`
	Location string `json:"location,omitempty" doc:"Such as body.brightness or query.limit"`
}

// ofCloud is the family of refusals by the cloud.
const ofCloud = "cloud"

// ProblemOf is an error as a problem. A *Problem stays as it is; an error of no
// class is an internal error, with its text.
func ProblemOf(err error) *Problem {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*Problem](err); ok {
		out := *p
		out.Detail = err.Error()
		return &out
	}
	p := &Problem{Detail: err.Error(), Type: "about:blank", Title: "internal error", Status: http.StatusInternalServerError}
	if row := rowOf(err); row != nil {
		p.Class, p.Title, p.Status, p.Type = row.word, row.class.Error(), row.status, urn(row.word)
	}
	if d, ok := errors.AsType[*wattle.DeviceError](err); ok {
		p.Code, p.Family, p.Method, p.Message, p.Hint = &d.Code, string(d.Family), d.Method, d.Msg, d.Hint()
	} else if c, ok := errors.AsType[*wattle.CloudError](err); ok {
		p.Code, p.Family, p.Method, p.Message, p.Hint = &c.Code, ofCloud, c.Method, c.Msg, c.Hint()
		p.CloudStatus = c.Status
	}
	return p
}

// NewProblem is a problem of a class, with a text that says what to do.
func NewProblem(class error, format string, args ...any) *Problem {
	return ProblemOf(fmt.Errorf("%w: %s", class, fmt.Sprintf(format, args...)))
}

func urn(word string) string { return "urn:wattle:problem:" + word }

// Error is the detail.
func (p *Problem) Error() string { return cmp.Or(p.Detail, p.Title, http.StatusText(p.Status)) }

// GetStatus is the HTTP status; huma wants it.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of RFC 9457; huma wants it.
func (*Problem) ContentType(string) string { return "application/problem+json" }

// Is reports whether target is the class of the problem.
func (p *Problem) Is(target error) bool {
	for _, row := range classes {
		if row.word == p.Class {
			return target == row.class
		}
	}
	return false
}

// As gives the refusal of a device or of the cloud back.
func (p *Problem) As(target any) bool {
	if p.Code == nil {
		return false
	}
	switch t := target.(type) {
	case **wattle.DeviceError:
		if p.Family == ofCloud {
			return false
		}
		*t = &wattle.DeviceError{Family: wattle.Family(p.Family), Method: p.Method, Code: *p.Code, Msg: p.Message}
		return true
	case **wattle.CloudError:
		if p.Family != ofCloud {
			return false
		}
		*t = &wattle.CloudError{Method: p.Method, Code: *p.Code, Msg: p.Message, Status: p.CloudStatus}
		return true
	}
	return false
}
