package tpap

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// UserForm is how the word "admin" is written in pake_register. It never is the
// account. See docs/protocol/tpap.md section 4.2.
type UserForm string

// The forms of the user name.
const (
	UserMD5     UserForm = "md5"     // what devices are known to take
	UserLiteral UserForm = "literal" // one camera was reported to
	UserSHA256  UserForm = "sha256"  // with user_hash_type 1
)

const user = "admin"

// UserFormOf gives the form for a user_hash_type; nil where none is announced.
func UserFormOf(hashType *int) UserForm {
	if hashType != nil && *hashType == 1 {
		return UserSHA256
	}
	return UserMD5
}

// UserForms lists all forms, first the one that is expected.
func UserForms(first UserForm) []UserForm {
	forms := []UserForm{first}
	for _, f := range []UserForm{UserMD5, UserLiteral, UserSHA256} {
		if f != first {
			forms = append(forms, f)
		}
	}
	return forms
}

// Username is what goes over the wire.
func (f UserForm) Username() string {
	switch f {
	case UserLiteral:
		return user
	case UserSHA256:
		sum := sha256.Sum256([]byte(user))
		return strings.ToUpper(hex.EncodeToString(sum[:]))
	}
	sum := md5.Sum([]byte(user))
	return hex.EncodeToString(sum[:])
}
