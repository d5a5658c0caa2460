package rest

import (
	_ "embed"
	"net/http"
)

// docsPage lists the operations of /openapi.json. It loads nothing from
// elsewhere.
//
//go:embed docs.html
var docsPage []byte

func page(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'")
	_, _ = w.Write(docsPage)
}
