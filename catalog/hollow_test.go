package catalog_test

import (
	"encoding/json"
	"testing"
	"time"

	"wattle"
	"wattle/catalog"
	"wattle/feature"
	"wattle/method"
)

// TestHollowAnswers reads and sets every row on a device whose answers have
// lost what the row was found by: another device may have taken the place of
// the one that is remembered. Nothing is known then, and nothing breaks.
func TestHollowAnswers(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	for i := range catalog.All() {
		f := &catalog.All()[i]
		t.Run(string(f.Family)+"/"+f.ID, func(t *testing.T) {
			answers := map[string]method.Answer{}
			for _, q := range f.Queries {
				raw := json.RawMessage(`{}`)
				value, _ := q.Decode(raw)
				answers[q.Key()] = method.Answer{Call: q.Call, Raw: raw, Value: value, Time: at}
			}
			for _, snapshot := range []*method.Snapshot{nil, method.NewSnapshot(at, method.Local, answers)} {
				parent := &feature.View{Family: f.Family, Snapshot: snapshot}
				v := &feature.View{Family: f.Family, Child: "00", Snapshot: snapshot, Parent: parent}
				for _, v := range []*feature.View{v, parent} {
					if f.Family == wattle.SMART {
						v.Components = map[string]int{}
					}
					f.Exists(v)
					f.Read(v)
					f.Narrow(v)
					for _, text := range []string{"on", "1", "0,0,50", "none"} {
						if val, err := f.Parse(v, text); err == nil {
							_, _ = f.Set(v, val)
						}
					}
				}
			}
		})
	}
}
