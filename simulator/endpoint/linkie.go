package endpoint

import (
	"context"
	"crypto/subtle"
	"net"
	"net/http"

	"wattle/internal/wire/linkie"
)

// ServeLinkie answers Linkie v2 on ln until ctx ends; then it closes ln and
// the connections and waits for what it started. The error is nil after that,
// and that of ln otherwise. See docs/protocol/transports.md section 5.
func ServeLinkie(ctx context.Context, ln net.Listener, dev Device, o *Options) error {
	s := &linkieServer{web: web{options: o.orDefaults(), device: dev}}
	return s.serve(ctx, ln, s.handle)
}

// linkieServer is a device that speaks Linkie. It knows no sessions.
type linkieServer struct{ web }

func (s *linkieServer) handle(w http.ResponseWriter, r *http.Request) {
	body, ok := s.read(w, r)
	switch {
	case !ok:
		return
	case r.URL.Path != linkie.Path:
		s.status(w, r, http.StatusNotFound)
		return
	case subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(linkie.Authorization)) != 1:
		s.status(w, r, http.StatusUnauthorized)
		return
	}
	message, err := linkie.ParseRequest(body)
	if err != nil {
		s.status(w, r, http.StatusBadRequest)
		return
	}
	if s.options.Faults.every("drop") {
		drop()
	}
	answer, err := s.options.handle(r.Context(), s.device, message)
	if err != nil || answer == nil || s.options.Faults.every("drop-after") {
		drop()
	}
	s.reply(w, r, http.StatusOK, "text/plain", s.seal(answer))
}

// seal makes the body of an answer.
func (s *linkieServer) seal(answer []byte) []byte {
	switch {
	case s.options.Faults.on("garble"):
		return garbled()
	case s.options.Faults.on("plain"):
		return []byte(`{"err_code":-1,"err_msg":"Unsupported API call"}`)
	}
	return linkie.AppendAnswer(nil, answer)
}
