// The devices of interop/devices, by the transport that they announce.
const files = (...names) => names.map((name) => new URL(`devices/${name}.json`, import.meta.url).pathname);

export const xor = files('iot-plug', 'iot-dimmer', 'iot-strip', 'iot-bulb');
export const klap = files('smart-plug-klap2', 'smart-bulb-klap2');
// tp-link-tapo-connect knows the login of version 1 only, which devices that announce no version want.
export const aes = files('smart-plug-aes', 'smart-bulb-aes');
