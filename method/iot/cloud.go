package iot

import (
	"encoding/json"

	"wattle"
	"wattle/method"
)

// CloudInfo is the answer of cnCloud.get_info (section 10).
type CloudInfo struct {
	Username  string           `json:"username"`
	Server    string           `json:"server"`
	Bound     method.Opt[bool] `json:"binded"`
	Connected method.Opt[bool] `json:"cld_connection"`
}

// The cloud state of plugs and of bulbs.
var (
	GetCloudInfo     = method.Method[method.None, CloudInfo]{Module: ModuleCloud, Name: "get_info"}
	GetBulbCloudInfo = method.Method[method.None, CloudInfo]{Module: ModuleBulbCloud, Name: "get_info"}
)

// Release is one firmware in the answer of get_intl_fw_list.
type Release struct {
	Version string          `json:"fwVer"` // "1.0.12 Build 240227 Rel.160022"
	URL     string          `json:"fwUrl"`
	Title   string          `json:"fwTitle"`
	Date    string          `json:"fwReleaseDate"` // "2024-06-28"
	Log     string          `json:"fwReleaseLog"`
	Type    method.Opt[int] `json:"fwType"`
}

// Releases is the answer of get_intl_fw_list; an empty list means that the
// firmware is up to date.
type Releases struct {
	List []Release `json:"fw_list"`
}

// Bind is the parameter of bind. It goes in clear text inside of the
// transport.
type Bind struct {
	Username string        `json:"username"`
	Password wattle.Secret `json:"password"`
}

// RevealJSON encodes it for the device.
func (b Bind) RevealJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"username": b.Username, "password": b.Password.Reveal()})
}

// Server is the parameter of set_server_url.
type Server struct {
	Server string `json:"server"` // a host, such as n-devs.tplinkcloud.com
}

// Cloud are the methods of one of the two cloud modules (section 10).
type Cloud struct {
	GetInfo method.Method[method.None, CloudInfo]
	// GetFirmware makes the device ask its server, which takes a while.
	GetFirmware method.Method[method.None, Releases]
	Bind        method.Method[Bind, method.None]
	Unbind      method.Method[method.None, method.None]
	// SetServerURL changes which cloud the device talks to.
	SetServerURL method.Method[Server, method.None]
}

func cloud(module string, info method.Method[method.None, CloudInfo]) Cloud {
	return Cloud{
		GetInfo:      info,
		GetFirmware:  method.Method[method.None, Releases]{Module: module, Name: "get_intl_fw_list"},
		Bind:         method.Method[Bind, method.None]{Module: module, Name: "bind", Effect: method.Absolute},
		Unbind:       method.Method[method.None, method.None]{Module: module, Name: "unbind", Effect: method.Absolute},
		SetServerURL: method.Method[Server, method.None]{Module: module, Name: "set_server_url", Effect: method.Absolute},
	}
}

// The cloud modules of plugs and of bulbs.
var (
	PlugCloud = cloud(ModuleCloud, GetCloudInfo)
	BulbCloud = cloud(ModuleBulbCloud, GetBulbCloudInfo)
)
