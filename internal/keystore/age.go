package keystore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"wattle"
	"wattle/internal/atomicfile"
)

const (
	identityFile = "identity.txt"
	// workFactor makes one try of a passphrase cost about half a second; a file
	// that asks for much more is refused and not worked on for minutes.
	workFactor    = 17
	maxWorkFactor = 20
	encryptedSize = 1 << 20
)

func (k *Keystore) identityPath() string { return filepath.Join(k.opt.Dir, identityFile) }

// identity reads the identity beside the files. The format is that of age-keygen.
func (k *Keystore) identity() (*age.X25519Identity, error) {
	path := k.identityPath()
	if err := checkPrivate(path); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, err := age.ParseX25519Identity(line)
		if err != nil { // its text could hold the key
			return nil, fmt.Errorf("%s: %w: it holds no age identity", path, ErrDamaged)
		}
		return id, nil
	}
	return nil, fmt.Errorf("%s: %w: it is empty", path, ErrDamaged)
}

// encryptToIdentity writes a file; the identity is made first where there is none.
func (k *Keystore) encryptToIdentity(path string, plain []byte) error {
	id, err := k.identity()
	if errors.Is(err, fs.ErrNotExist) {
		if id, err = age.GenerateX25519Identity(); err != nil {
			return err
		}
		text := fmt.Sprintf("# opens the credentials of wattle in this folder; keep it to yourself\n# public key: %s\n%s\n", id.Recipient(), id)
		err = atomicfile.Write(k.identityPath(), []byte(text), 0o600, true)
	}
	if err != nil {
		return fmt.Errorf("identity of the credentials: %w", err)
	}
	return encrypt(path, plain, id.Recipient())
}

func (k *Keystore) encryptWithPhrase(profile string, plain []byte, phrase wattle.Secret) error {
	if phrase.IsZero() {
		return fmt.Errorf("an empty passphrase protects nothing: %w", wattle.ErrParam)
	}
	recipient, err := age.NewScryptRecipient(phrase.Reveal())
	if err != nil {
		return err
	}
	recipient.SetWorkFactor(k.workFactor)
	return encrypt(k.path(profile), plain, recipient)
}

func encrypt(path string, plain []byte, to age.Recipient) error {
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to)
	if err != nil {
		return err
	}
	if _, err := w.Write(plain); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := atomicfile.Write(path, sealed.Bytes(), 0o600, true); err != nil {
		return fmt.Errorf("credentials: %w", err)
	}
	return nil
}

// decrypt reads an encrypted file, with the identity or by asking for the
// passphrase, as the file wants it.
func (k *Keystore) decrypt(ctx context.Context, path string) ([]byte, error) {
	if err := checkPrivate(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: %s is gone: store them again", ErrNone, path)
		}
		return nil, err
	}
	sealed, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	if len(sealed) > encryptedSize {
		return nil, fmt.Errorf("%s: %w: too large", path, ErrDamaged)
	}
	opener := &opener{ctx: ctx, k: k}
	plain, err := age.Decrypt(bytes.NewReader(sealed), opener)
	if err == nil {
		var data []byte
		if data, err = io.ReadAll(plain); err == nil {
			return data, nil
		}
	}
	switch {
	case opener.failed != nil:
		return nil, fmt.Errorf("%s: %w", path, opener.failed)
	case opener.asked && errors.Is(err, age.ErrIncorrectIdentity):
		return nil, fmt.Errorf("%s: wrong passphrase: %w", path, ErrPassphrase)
	case errors.Is(err, age.ErrIncorrectIdentity):
		return nil, fmt.Errorf("%s: %w: it does not belong to %s: store them again", path, ErrDamaged, k.identityPath())
	}
	return nil, fmt.Errorf("%s: %w: store them again", path, ErrDamaged)
}

// opener is an age.Identity that finds out what a file wants before it asks for
// anything.
type opener struct {
	ctx    context.Context //nolint:containedctx // age gives none to its identities; it is that of the call
	k      *Keystore
	asked  bool  // for a passphrase
	failed error // why there was no identity or passphrase to try
}

// Unwrap implements [age.Identity].
func (o *opener) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	id, err := o.choose(stanzas)
	if err != nil {
		o.failed = err
		return nil, err
	}
	return id.Unwrap(stanzas)
}

func (o *opener) choose(stanzas []*age.Stanza) (age.Identity, error) {
	phrase := false
	for _, s := range stanzas {
		phrase = phrase || s.Type == "scrypt"
	}
	if !phrase {
		id, err := o.k.identity()
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: %s, which opens it, is gone: store them again", ErrDamaged, o.k.identityPath())
		}
		if err != nil { // a nil *X25519Identity must not become an Identity
			return nil, err
		}
		return id, nil
	}
	if o.k.opt.Ask == nil {
		return nil, fmt.Errorf("%w, and there is nobody to ask", ErrPassphrase)
	}
	secret, err := o.k.opt.Ask(o.ctx)
	if err != nil {
		return nil, err
	}
	if secret.IsZero() {
		return nil, fmt.Errorf("%w, and none was given", ErrPassphrase)
	}
	o.asked = true
	id, err := age.NewScryptIdentity(secret.Reveal())
	if err != nil {
		return nil, ErrPassphrase
	}
	id.SetMaxWorkFactor(maxWorkFactor)
	return id, nil
}
