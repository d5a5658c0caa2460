package simulator

import "wattle"

// Cloud of IOT devices. See docs/protocol/iot.md section 10.

func (e *iot) bind(c *iotCall) (object, *iotFault) {
	if c.args.text("username") == "" || !c.args.has("password") {
		return nil, &e.errors.argument
	}
	e.d.account = &wattle.Credentials{Username: c.args.text("username"), Password: wattle.NewSecret(c.args.text("password"))}
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
