package wattle_test

import (
	"fmt"
	"strings"
	"testing"

	"wattle"
)

// TestSecretInAnUnexportedField: fmt prints such fields without asking them.
func TestSecretInAnUnexportedField(t *testing.T) {
	holder := struct {
		plain  wattle.Secret
		nested struct{ account wattle.Credentials }
	}{plain: wattle.NewSecret("hunter2")}
	holder.nested.account.Password = wattle.NewSecret("hunter2")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{holder, &holder, []any{holder}, map[string]any{"a": holder}} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, "hunter2") || strings.Contains(text, "68756e74657232") {
				t.Errorf("%s shows %s", verb, text)
			}
		}
	}
}

func TestSecretsCompare(t *testing.T) {
	if wattle.NewSecret("a") != wattle.NewSecret(string([]byte{'a'})) || wattle.NewSecret("a") == wattle.NewSecret("b") || wattle.NewSecret("") != (wattle.Secret{}) {
		t.Error("secrets are not compared by their text")
	}
	if (wattle.Secret{}).Reveal() != "" || !(wattle.Secret{}).IsZero() || wattle.NewSecret("a").IsZero() {
		t.Error("the empty secret")
	}
}
