// Package keystore keeps the credentials of TP-Link accounts and finds them
// again: given explicitly, in the environment, in the key store of the operating
// system, or in a file that is encrypted with age.
//
// The file is encrypted to an X25519 identity that lies beside it with mode
// 0600: it protects backups and copies of the file, not against programs of the
// same user, and costs no time. With a passphrase (scrypt) it protects against
// those too and costs about half a second at each start. Nothing is asked of the
// operating system's key store unless credentials were put there.
//
// No secret is in any error, log line or printed value of this package.
package keystore
