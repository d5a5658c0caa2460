// The devices of interop/devices, by the transport that they announce.
const files = (...names) => names.map((name) => new URL(`devices/${name}.json`, import.meta.url).pathname);

export const xor = files('iot-plug', 'iot-dimmer', 'iot-strip', 'iot-bulb');
export const klap = files('smart-plug-klap2', 'smart-bulb-klap2');
// tp-link-tapo-connect knows the login of version 1 only, which devices that announce no version want.
// Devices of the home that is part of the program: a strip and a hub with children.
const invented = (...names) => names.map((name) => new URL(`../simulator/homes/data/${name}.json`, import.meta.url).pathname);
export const parents = invented('P300(EU)_1.0_1.1.2', 'H100(EU)_1.0_1.6.0');
export const aes = files('smart-plug-aes', 'smart-bulb-aes');
