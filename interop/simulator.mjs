// Our client, other people's devices: tplink-smarthome-simulator on loopback.
import { attempt, check, foreign, lines, wattle } from './harness.mjs';

const { Device, UdpServer } = foreign('tplink-smarthome-simulator');

const home = [
  { model: 'hs110', address: '127.0.7.11', alias: 'Foreign Plug', mac: '50:c7:bf:00:07:11', energy: true },
  { model: 'hs220', address: '127.0.7.12', alias: 'Foreign Dimmer', mac: '50:c7:bf:00:07:12', brightness: true },
  { model: 'hs300', address: '127.0.7.13', alias: 'Foreign Strip', mac: '50:c7:bf:00:07:13' },
  { model: 'lb130', address: '127.0.7.14', alias: 'Foreign Bulb', mac: '50c7bf000714', brightness: true, energy: true },
];

const devices = [];
for (const { model, address, alias, mac } of home) {
  const device = new Device({ model, address, port: 9999, data: { alias, mac, deviceId: `8006000000000000000000000000000000${mac.replaceAll(':', '').slice(-6)}` } });
  await device.start();
  devices.push(device);
}
await UdpServer.start(); // broadcasts

/** value reads one feature of a device as our client sees it. */
const value = async (name, id) => JSON.parse(await wattle('get', '--json', name, id));

try {
  console.log('discover');
  const targets = home.flatMap(({ address }) => ['--target', address]);
  const found = lines(await wattle('discover', '--json', ...targets));
  for (const { alias, address } of home) {
    check(found.some((f) => f.alias === alias && f.address === address), `found ${alias} at ${address}`);
  }
  const swept = lines(await wattle('discover', '--json', '--target', '127.255.255.255'));
  check(home.every(({ alias }) => swept.some((f) => f.alias === alias)), 'a broadcast finds all of them too', swept.length);

  for (const { alias, address, brightness, energy } of home) {
    console.log(alias);
    const state = JSON.parse(await wattle('state', '--json', address));
    check(JSON.stringify(state).includes(alias), 'state has the alias');
    for (const want of [true, false, true]) {
      await wattle(want ? 'on' : 'off', alias);
      const seen = await value(alias, 'state');
      check(JSON.stringify(seen).includes(String(want)), `${want ? 'on' : 'off'}, read back`, seen);
    }
    if (brightness) {
      await wattle('set', alias, 'brightness=37');
      const seen = await value(alias, 'brightness');
      check(JSON.stringify(seen).includes('37'), 'brightness 37, read back', seen);
    }
    if (energy) {
      const seen = await attempt('energy', '--json', alias);
      check(seen.code === 0 && /power/.test(seen.stdout), 'energy', JSON.parse(seen.stdout));
    }
  }

  console.log('two at once');
  await wattle('off', 'Foreign Plug', 'Foreign Bulb');
  check(devices[0].data.system.sysinfo.relay_state === 0, 'the plug itself is off');
} finally {
  await Promise.all(devices.map((d) => d.stop()));
  UdpServer.stop();
}
process.exit(0);
