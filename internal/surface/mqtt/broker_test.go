package mqtt_test

import (
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// broker is a small MQTT 3.1.1 broker for tests in a bubble: QoS 0 and 1, retained
// messages, wills and wildcards.
type broker struct {
	tb testing.TB
	ln net.Listener

	mu       sync.Mutex
	refuse   byte // code of CONNACK
	silent   bool // read, but confirm nothing
	retained map[string]string
	log      []message // all that was published, in order
	clients  map[net.Conn]*client
	news     chan struct{} // closed with each message
}

type message struct {
	topic, payload string
	retain         bool
}

type client struct {
	conn   net.Conn
	out    sync.Mutex
	topics []string
	will   *message
	polite bool // it said DISCONNECT
}

func newBroker(tb testing.TB, ln net.Listener) *broker {
	tb.Helper()
	b := &broker{tb: tb, ln: ln, retained: map[string]string{}, clients: map[net.Conn]*client{}, news: make(chan struct{})}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			running.Go(func() { b.serve(conn) })
		}
	})
	tb.Cleanup(func() {
		ln.Close()
		b.drop()
		running.Wait()
	})
	return b
}

// drop cuts all connections.
func (b *broker) drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for conn := range b.clients {
		conn.Close()
	}
}

func (b *broker) set(refuse byte, silent bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuse, b.silent = refuse, silent
}

func (b *broker) serve(conn net.Conn) {
	c := &client{conn: conn}
	b.mu.Lock()
	b.clients[conn] = c
	b.mu.Unlock()
	defer func() {
		conn.Close()
		b.mu.Lock()
		delete(b.clients, conn)
		b.mu.Unlock()
		if c.will != nil && !c.polite {
			b.publish(*c.will)
		}
	}()
	for {
		p, err := packets.ReadPacket(conn)
		if err != nil {
			return
		}
		if !b.handle(c, p) {
			return
		}
	}
}

func (b *broker) handle(c *client, p packets.ControlPacket) bool {
	b.mu.Lock()
	refuse, silent := b.refuse, b.silent
	b.mu.Unlock()
	switch p := p.(type) {
	case *packets.ConnectPacket:
		if p.WillFlag {
			c.will = &message{p.WillTopic, string(p.WillMessage), p.WillRetain}
		}
		ack := packets.NewControlPacket(packets.Connack).(*packets.ConnackPacket)
		ack.ReturnCode = refuse
		b.send(c, ack)
		if refuse != 0 {
			c.will = nil
			return false
		}
	case *packets.SubscribePacket:
		ack := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket)
		ack.MessageID = p.MessageID
		ack.ReturnCodes = make([]byte, len(p.Topics))
		b.send(c, ack)
		b.mu.Lock()
		c.topics = append(c.topics, p.Topics...)
		kept := maps.Clone(b.retained)
		b.mu.Unlock()
		for _, topic := range slices.Sorted(maps.Keys(kept)) {
			if slices.ContainsFunc(p.Topics, func(f string) bool { return matches(f, topic) }) {
				b.deliver(c, message{topic, kept[topic], true})
			}
		}
	case *packets.PublishPacket:
		if silent {
			return true
		}
		if p.Qos == 1 {
			ack := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket)
			ack.MessageID = p.MessageID
			b.send(c, ack)
		}
		b.publish(message{p.TopicName, string(p.Payload), p.Retain})
	case *packets.PingreqPacket:
		if !silent {
			b.send(c, packets.NewControlPacket(packets.Pingresp))
		}
	case *packets.DisconnectPacket:
		c.polite = true
		return false
	}
	return true
}

func (b *broker) publish(m message) {
	b.mu.Lock()
	b.log = append(b.log, m)
	if m.retain {
		b.retained[m.topic] = m.payload
		if m.payload == "" {
			delete(b.retained, m.topic)
		}
	}
	var to []*client
	for _, c := range b.clients {
		if slices.ContainsFunc(c.topics, func(f string) bool { return matches(f, m.topic) }) {
			to = append(to, c)
		}
	}
	close(b.news)
	b.news = make(chan struct{})
	b.mu.Unlock()
	for _, c := range to {
		b.deliver(c, message{m.topic, m.payload, false})
	}
}

func (b *broker) deliver(c *client, m message) {
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.TopicName, p.Payload, p.Retain = m.topic, []byte(m.payload), m.retain
	b.send(c, p)
}

func (b *broker) send(c *client, p packets.ControlPacket) {
	c.out.Lock()
	defer c.out.Unlock()
	_ = p.Write(c.conn)
}

func matches(filter, topic string) bool {
	f, t := strings.Split(filter, "/"), strings.Split(topic, "/")
	for i := range f {
		if f[i] == "#" {
			return true
		}
		if i >= len(t) || f[i] != "+" && f[i] != t[i] {
			return false
		}
	}
	return len(f) == len(t)
}

// get is what is retained on a topic.
func (b *broker) get(topic string) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	text, ok := b.retained[topic]
	return text, ok
}

// topics are those that something is retained on.
func (b *broker) topics(prefix string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for topic := range b.retained {
		if strings.HasPrefix(topic, prefix) {
			out = append(out, topic)
		}
	}
	slices.Sort(out)
	return out
}

// since are the messages after the first n.
func (b *broker) since(n int) []message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.log[n:])
}

func (b *broker) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.log)
}
