package history

import (
	"bufio"
	"encoding/json"
	"io"

	"wattle/feature"
)

type jsonEncoder struct {
	w   *bufio.Writer
	any bool
}

func newJSON(w io.Writer) *jsonEncoder { return &jsonEncoder{w: bufio.NewWriter(w)} }

func (e *jsonEncoder) record(r *Record) error {
	var object any
	if r.Bucket != nil {
		object = struct {
			Key
			Unit feature.Unit `json:"unit,omitempty"`
			// The bucket's own MarshalJSON would hide the rest, were it embedded.
			Bucket *Bucket `json:"bucket"`
		}{r.Key, r.Unit, r.Bucket}
	} else {
		object = struct {
			Time string `json:"time"`
			Key
			Unit   feature.Unit  `json:"unit,omitempty"`
			Source Source        `json:"source"`
			Event  string        `json:"event,omitempty"`
			Value  feature.Value `json:"value"`
		}{stamp(r.Time), r.Key, r.Unit, r.source(), r.Event, r.Value}
	}
	text, err := json.Marshal(object)
	if err != nil {
		return err
	}
	lead := ",\n"
	if !e.any {
		e.any, lead = true, "[\n"
	}
	if _, err := e.w.WriteString(lead); err != nil {
		return err
	}
	_, err = e.w.Write(text)
	return err
}

func (e *jsonEncoder) finish() error {
	end := "\n]\n"
	if !e.any {
		end = "[]\n"
	}
	if _, err := e.w.WriteString(end); err != nil {
		return err
	}
	return e.w.Flush()
}
