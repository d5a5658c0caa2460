package simulator

// Cloud and Wi-Fi of IOT devices. See docs/protocol/iot.md sections 10 and 11.

func (e *iot) bind(c *iotCall) (object, *iotFault) {
	if c.args.text("username") == "" || !c.args.has("password") {
		return nil, &e.errors.argument
	}
	return nil, e.changeCloud(c, map[string]any{"username": c.args.text("username"), "binded": 1, "cld_connection": 1})
}

func (e *iot) unbind(c *iotCall) (object, *iotFault) {
	answer, _ := e.answer(c.module, "get_info")
	if bound, _ := answer.flag("binded"); !bound {
		return nil, &iotFault{-4002, "Device hasn't bound to any account yet"}
	}
	return nil, e.changeCloud(c, map[string]any{"username": "", "binded": 0, "cld_connection": 0})
}

func (e *iot) setServer(c *iotCall) (object, *iotFault) {
	if c.args.text("server") == "" {
		return nil, &e.errors.argument
	}
	return nil, e.changeCloud(c, map[string]any{"server": c.args.text("server")})
}

func (e *iot) changeCloud(c *iotCall, values map[string]any) *iotFault {
	answer, ok := e.answer(c.module, "get_info")
	if !ok {
		return &e.errors.method
	}
	for key, value := range values {
		answer.put(key, value)
	}
	e.change(c.module, "get_info", answer)
	return nil
}

// joinWiFi accepts any network and stays where it is.
func (e *iot) joinWiFi(c *iotCall) (object, *iotFault) {
	kind, ok := c.args.integer("key_type")
	if c.args.text("ssid") == "" || !ok || kind < 0 || kind > 3 {
		return nil, &e.errors.argument
	}
	e.change(c.module, "get_stainfo", object{"ssid": c.args["ssid"], "key_type": marshal(kind), "rssi": marshal(-50), "err_code": marshal(0)})
	return nil, nil
}
