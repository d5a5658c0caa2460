package discover

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"

	"wattle"
	"wattle/internal/wire/discovery"
	"wattle/internal/wire/xor"
)

// FuzzMerge checks that the order of answers, their repetition and junk
// between them change nothing of what is found in the end.
func FuzzMerge(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, []byte("junk"))
	}
	f.Add(uint64(0), xor.AppendEncrypted(nil, []byte(discovery.SysinfoRequest)))
	f.Add(uint64(1), append(make([]byte, discovery.HeaderLen), `{"result":{"mac":"02-00-00-00-00-01"}}`...))
	f.Fuzz(func(t *testing.T, seed uint64, junk []byte) {
		random := rand.New(rand.NewPCG(seed, 0))
		answers, want := home(t, random)
		shuffled := append(answers, answers...)
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })

		m := newMerger(discovery.PortXOR)
		last := make(map[wattle.MAC]Found)
		news := 0
		for i, p := range shuffled {
			if i == len(shuffled)/2 {
				m.addJunk(t, junk)
			}
			found, isNews, err := m.add(p)
			if err != nil {
				t.Fatal(err)
			}
			if isNews {
				news++
				last[found.MAC] = found
			}
		}
		if news > len(answers) {
			t.Errorf("%d answers gave news %d times", len(answers), news)
		}
		if !reflect.DeepEqual(last, want) {
			t.Errorf("found %+v\nwant  %+v", last, want)
		}
	})
}

// addJunk takes a datagram of no device of the home.
func (m *merger) addJunk(t *testing.T, junk []byte) {
	t.Helper()
	for _, port := range []uint16{discovery.PortXOR, discovery.PortMain, 5353} {
		found, _, err := m.add(packet{from: netip.AddrPortFrom(netip.MustParseAddr("203.0.113.9"), port), payload: junk})
		if err == nil && len(found.Via) == 0 {
			t.Errorf("junk gave a device that answered nowhere: %+v", found)
		}
		// It may be a device that the fuzzer made up: forget it.
		delete(m.byMAC, found.MAC)
		clear(m.byAddr)
	}
}

// home invents devices, their answers, and what has to be found.
func home(t *testing.T, random *rand.Rand) (answers []packet, want map[wattle.MAC]Found) {
	t.Helper()
	want = make(map[wattle.MAC]Found)
	for i := range 1 + random.IntN(20) {
		mac := wattle.MAC{2, 1, 0, 0, 0, byte(i)}
		addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
		on9999, on20002 := random.IntN(2) == 0, random.IntN(2) == 0
		f := Found{MAC: mac, Addr: addr, Type: "IOT.SMARTBULB", Family: wattle.IOT, Model: wattle.Model{Name: "KL", Region: "EU"}}
		if on9999 {
			raw := fmt.Sprintf(`{"mic_type":"IOT.SMARTBULB","model":"KL(EU)","alias":"Lamp %d","deviceId":"80%d","mic_mac":%q}`, i, i, mac.Key())
			answers = append(answers, packet{
				from:    netip.AddrPortFrom(addr, discovery.PortXOR),
				payload: xor.AppendEncrypted(nil, []byte(`{"system":{"get_sysinfo":`+raw+`}}`)),
			})
			f.Alias, f.ID, f.Sysinfo = fmt.Sprintf("Lamp %d", i), fmt.Sprintf("80%d", i), json.RawMessage(raw)
			f.Routes = append(f.Routes, wattle.Route{Family: wattle.IOT, Transport: wattle.XOR, Host: addr.String(), Port: 9999})
			f.Via = append(f.Via, discovery.PortXOR)
		}
		if on20002 {
			raw := fmt.Sprintf(`{"device_type":"IOT.SMARTBULB","device_model":"KL(EU)","mac":%q,"mgt_encrypt_schm":{"encrypt_type":"KLAP","lv":2}}`,
				bytes.ReplaceAll([]byte(mac.String()), []byte(":"), []byte("-")))
			datagram, err := discovery.MarshalAnswer(1, []byte(`{"error_code":0,"result":`+raw+`}`))
			if err != nil {
				t.Fatal(err)
			}
			answers = append(answers, packet{from: netip.AddrPortFrom(addr, discovery.PortMain), payload: datagram})
			f.Answer = json.RawMessage(raw)
			f.Routes = append(f.Routes, wattle.Route{Family: wattle.IOT, Transport: wattle.KLAP, Host: addr.String(), Port: 80, Version: 2})
			f.Via = append(f.Via, discovery.PortMain)
		}
		if on9999 || on20002 {
			want[mac] = f
		}
	}
	return answers, want
}

func TestFlood(t *testing.T) {
	m := newMerger(discovery.PortXOR)
	q := newQueue()
	m.limit, q.limit = 1000, 1000
	for i := range 1100 {
		payload := fmt.Appendf(make([]byte, discovery.HeaderLen), `{"result":{"mac":"0200%08x"}}`, i)
		q.put(packet{from: netip.MustParseAddrPort("203.0.113.9:20002"), payload: payload})
	}
	full := 0
	for _, p := range q.take() {
		if _, _, err := m.add(p); err != nil {
			full++
		}
	}
	if m.size() != 1000 || q.lost != 100 || full != 0 {
		t.Errorf("%d devices, %d datagrams lost, %d refused", m.size(), q.lost, full)
	}
	extra := packet{from: netip.MustParseAddrPort("203.0.113.9:20002"), payload: append(make([]byte, discovery.HeaderLen), `{"result":{}}`...)}
	if _, _, err := m.add(extra); err == nil {
		t.Error("one more was taken")
	}
}
