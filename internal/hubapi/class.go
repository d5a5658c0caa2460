package hubapi

import (
	"context"
	"errors"
	"net/http"

	"wattle"
)

// The classes of failure that the API has besides those of package wattle; test
// with [errors.Is].
var (
	// ErrToken: there is no token, or a wrong one.
	ErrToken = errors.New("token refused")
	// ErrScope: the token is not allowed to do that.
	ErrScope = errors.New("not allowed with this token")
	// ErrPolicy: the hub does not do that for safety.
	ErrPolicy = errors.New("not done for safety")
	// ErrConflict: it is there already, or something stands against it.
	ErrConflict = errors.New("conflict")
	// ErrChanged: it has changed since it was read (If-Match).
	ErrChanged = errors.New("changed meanwhile")
	// ErrTooLarge: the body is too large.
	ErrTooLarge = errors.New("too large")
	// ErrMediaType: the body is not of a type that is understood.
	ErrMediaType = errors.New("content type not understood")
	// ErrMethod: the path does not have this HTTP method.
	ErrMethod = errors.New("method not allowed")
	// ErrRequest: the request itself is malformed.
	ErrRequest = errors.New("request not understood")
	// ErrRate: too many requests; Retry-After says how long to wait.
	ErrRate = errors.New("too many requests")
	// ErrAbsent: the hub runs without what is asked for, such as a history.
	ErrAbsent = errors.New("this hub does not have that")
)

type classRow struct {
	class  error
	word   string
	status int
}

// classes are all classes with their words and HTTP statuses. Of an error the
// first class counts; the order is that of the exit codes of the command line.
var classes = []classRow{
	{context.Canceled, "canceled", http.StatusServiceUnavailable},
	{ErrToken, "token", http.StatusUnauthorized},
	{ErrScope, "scope", http.StatusForbidden},
	{ErrPolicy, "policy", http.StatusForbidden},
	{ErrConflict, "conflict", http.StatusConflict},
	{ErrChanged, "changed", http.StatusPreconditionFailed},
	{ErrTooLarge, "too_large", http.StatusRequestEntityTooLarge},
	{ErrMediaType, "media_type", http.StatusUnsupportedMediaType},
	{ErrMethod, "method", http.StatusMethodNotAllowed},
	{ErrRequest, "request", http.StatusBadRequest},
	{ErrRate, "rate", http.StatusTooManyRequests},
	{ErrAbsent, "absent", http.StatusNotImplemented},
	{wattle.ErrNotFound, "not_found", http.StatusNotFound},
	{wattle.ErrAuth, "auth", http.StatusBadGateway},
	{wattle.ErrLockout, "lockout", http.StatusServiceUnavailable},
	{wattle.ErrAccess, "access", http.StatusBadGateway},
	{wattle.ErrUnsupported, "unsupported", http.StatusUnprocessableEntity},
	{wattle.ErrParam, "param", http.StatusUnprocessableEntity},
	{wattle.ErrUnreachable, "unreachable", http.StatusServiceUnavailable},
	{wattle.ErrTransport, "transport", http.StatusBadGateway},
	{wattle.ErrIdentity, "identity", http.StatusBadGateway},
	{context.DeadlineExceeded, "timeout", http.StatusGatewayTimeout},
	{wattle.ErrSession, "session", http.StatusBadGateway},
	{wattle.ErrBusy, "busy", http.StatusServiceUnavailable},
	{wattle.ErrRefused, "refused", http.StatusBadGateway},
	{wattle.ErrProtocol, "protocol", http.StatusBadGateway},
	{wattle.ErrClosed, "closed", http.StatusServiceUnavailable},
}

func rowOf(err error) *classRow {
	for i := range classes {
		if errors.Is(err, classes[i].class) {
			return &classes[i]
		}
	}
	return nil
}

// ClassOf is the word for the class of an error, "" where it has none.
func ClassOf(err error) string {
	if row := rowOf(err); row != nil {
		return row.word
	}
	return ""
}

// ClassFor is the class that a word means, nil for an unknown one.
func ClassFor(word string) error {
	for _, row := range classes {
		if row.word == word {
			return row.class
		}
	}
	return nil
}

// ClassForStatus is the class of an answer that has only a status, such as one
// of a proxy; nil where the status says nothing.
func ClassForStatus(status int) error {
	switch status {
	case http.StatusServiceUnavailable, http.StatusBadGateway:
		return wattle.ErrUnreachable
	case http.StatusUnprocessableEntity:
		return wattle.ErrParam
	}
	for _, row := range classes {
		if row.status == status {
			return row.class
		}
	}
	return nil
}
