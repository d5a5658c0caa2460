package spake2plus

import "fmt"

// point is what the points of nistec have in common.
type point[P any] interface {
	SetBytes(b []byte) (P, error)
	Bytes() []byte
	Add(a, b P) P
	Negate(p P) P
	ScalarMult(p P, scalar []byte) (P, error)
	ScalarBaseMult(scalar []byte) (P, error)
	IsInfinity() int
}

// arithmetic is the curve whose points are P.
type arithmetic[P point[P]] struct {
	zero func() P
	m, n P
}

// parse reads a point that is not the identity.
func (a *arithmetic[P]) parse(b []byte) (P, error) {
	p, err := a.zero().SetBytes(b)
	if err != nil || p.IsInfinity() == 1 {
		var none P
		return none, ErrPoint
	}
	return p, nil
}

func (a *arithmetic[P]) decode(b []byte) ([]byte, error) {
	p, err := a.parse(b)
	if err != nil {
		return nil, err
	}
	return p.Bytes(), nil
}

func (a *arithmetic[P]) base(scalar []byte) ([]byte, error) {
	p, err := a.zero().ScalarBaseMult(scalar)
	if err != nil {
		return nil, fmt.Errorf("scalar: %w", err)
	}
	return p.Bytes(), nil
}

// share is secret*G + w0*M or N.
func (a *arithmetic[P]) share(secret, w0 []byte, proving bool) ([]byte, error) {
	mask := a.n
	if proving {
		mask = a.m
	}
	s, err := a.zero().ScalarBaseMult(secret)
	if err != nil {
		return nil, fmt.Errorf("scalar: %w", err)
	}
	masked, err := a.zero().ScalarMult(mask, w0)
	if err != nil {
		return nil, fmt.Errorf("w0: %w", err)
	}
	s.Add(s, masked)
	if s.IsInfinity() == 1 {
		return nil, ErrPoint
	}
	return s.Bytes(), nil
}

// unmask is peer - w0*mask.
func (a *arithmetic[P]) unmask(peer, w0 []byte, mask P) (P, error) {
	var none P
	p, err := a.parse(peer)
	if err != nil {
		return none, err
	}
	masked, err := a.zero().ScalarMult(mask, w0)
	if err != nil {
		return none, fmt.Errorf("w0: %w", err)
	}
	p.Add(p, masked.Negate(masked))
	if p.IsInfinity() == 1 {
		return none, ErrPoint
	}
	return p, nil
}

func (a *arithmetic[P]) prove(peer, w0, w1, x []byte) (z, v []byte, err error) {
	h, err := a.unmask(peer, w0, a.n)
	if err != nil {
		return nil, nil, err
	}
	if z, err = a.mult(h, x); err != nil {
		return nil, nil, err
	}
	v, err = a.mult(h, w1)
	return z, v, err
}

func (a *arithmetic[P]) verify(peer, w0, registration, y []byte) (z, v []byte, err error) {
	d, err := a.unmask(peer, w0, a.m)
	if err != nil {
		return nil, nil, err
	}
	l, err := a.parse(registration)
	if err != nil {
		return nil, nil, err
	}
	if z, err = a.mult(d, y); err != nil {
		return nil, nil, err
	}
	v, err = a.mult(l, y)
	return z, v, err
}

func (a *arithmetic[P]) mult(p P, scalar []byte) ([]byte, error) {
	q, err := a.zero().ScalarMult(p, scalar)
	if err != nil {
		return nil, fmt.Errorf("scalar: %w", err)
	}
	return q.Bytes(), nil
}
