package rest

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"wattle"
	"wattle/internal/hubapi"
)

// fail answers with a problem.
func fail(w http.ResponseWriter, err error) {
	p := hubapi.ProblemOf(err)
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// later is the problem of who has to wait.
func later(w http.ResponseWriter, wait time.Duration, text string) error {
	seconds := int(math.Ceil(wait.Seconds()))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	return hubapi.NewProblem(hubapi.ErrRate, "%s: wait %d s", text, seconds)
}

func failLater(w http.ResponseWriter, wait time.Duration, text string) {
	fail(w, later(w, wait, text))
}

// humaProblem makes what huma finds wrong with a request a problem of ours. The
// values that were sent are left out: they may be secrets.
func humaProblem(status int, text string, errs ...error) huma.StatusError {
	class := hubapi.ClassForStatus(status)
	switch status {
	case http.StatusUnprocessableEntity:
		class = wattle.ErrParam
	case http.StatusRequestTimeout:
		class = hubapi.ErrRequest
	}
	for _, err := range errs { // huma gives 500 where the body cannot be read
		if tooLarge, ok := err.(*http.MaxBytesError); ok { //nolint:errorlint // as huma passes it on
			return hubapi.NewProblem(hubapi.ErrTooLarge, "at most %d bytes are read", tooLarge.Limit)
		}
	}
	if text == "cannot read request body" {
		class = hubapi.ErrRequest
	}
	if class == nil {
		return hubapi.ProblemOf(fmt.Errorf("%s", text))
	}
	var faults []hubapi.Fault
	var texts []string
	for _, err := range errs {
		f := hubapi.Fault{Message: clip(err.Error())}
		if d, ok := err.(huma.ErrorDetailer); ok {
			detail := d.ErrorDetail()
			f = hubapi.Fault{Message: clip(detail.Message), Location: clip(detail.Location)}
		}
		if len(faults) < 20 {
			faults = append(faults, f)
			texts = append(texts, strings.TrimSpace(f.Location+" "+f.Message))
		}
	}
	if len(texts) > 0 {
		text += ": " + strings.Join(texts, "; ")
	}
	p := hubapi.NewProblem(class, "%s", text)
	p.Errors = faults
	if status == http.StatusRequestTimeout {
		p.Status = status
	}
	return p
}
