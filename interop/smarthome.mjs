// tplink-smarthome-api drives our simulator: XOR over TCP and UDP.
import { check, foreign, simulate } from './harness.mjs';
import { xor } from './home.mjs';

const { Client } = foreign('tplink-smarthome-api');

const sim = await simulate(xor);
const client = new Client({ logLevel: 'error' });
const addresses = new Set(sim.devices.map((d) => d.address));
const named = (device) => sim.devices.find((d) => d.address === device.host);

try {
  console.log('discovery by broadcast');
  const seen = new Map();
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`discovery found only ${[...seen.keys()]}`)), 10_000);
    client.startDiscovery({ broadcast: '127.255.255.255', discoveryInterval: 1000, breakoutChildren: false })
      .on('device-new', (device) => {
        if (!addresses.has(device.host)) return;
        seen.set(device.host, device);
        if (seen.size === addresses.size) {
          clearTimeout(timer);
          resolve();
        }
      });
  });
  client.stopDiscovery();
  for (const device of seen.values()) check(device.alias === named(device).name || named(device).alias === device.alias, `${device.deviceType} ${device.model}`, device.alias);

  for (const transport of ['tcp', 'udp']) {
    for (const { address } of sim.devices) {
      const device = await client.getDevice({ host: address }, { transport });
      const send = { transport };
      console.log(`${device.alias} over ${transport}`);
      const info = await device.getSysInfo(send);
      check(info.deviceId.length === 40, 'sysinfo has a device id');
      for (const want of [true, false, true]) {
        await device.setPowerState(want, send);
        check((await device.getPowerState(send)) === want, want ? 'on, read back' : 'off, read back');
      }
      if (device.deviceType === 'plug' && device.supportsDimmer) {
        await device.dimmer.setBrightness(42, send);
        check((await device.getSysInfo(send)).brightness === 42, 'brightness 42, read back');
      }
      if (device.deviceType === 'bulb' && device.supportsBrightness) {
        await device.lighting.setLightState({ on_off: 1, brightness: 43 }, send);
        const state = await device.lighting.getLightState(send);
        check(state.brightness === 43 && state.on_off === 1, 'brightness 43, read back', state);
      }
      if (device.deviceType === 'bulb' && device.supportsColor) {
        await device.lighting.setLightState({ hue: 120, saturation: 80, color_temp: 0 }, send);
        const state = await device.lighting.getLightState(send);
        check(state.hue === 120 && state.saturation === 80, 'colour, read back', state);
      }
      if (device.supportsEmeter) {
        const reading = await device.emeter.getRealtime(send);
        check(reading.power >= 0 && reading.voltage !== 0, 'energy', reading);
        const days = await device.emeter.getDayStats(new Date().getFullYear(), new Date().getMonth() + 1, send);
        check(Array.isArray(days.day_list), 'energy of this month by day', days.day_list.length);
      }
      if (device.deviceType === 'plug') {
        await device.setLedState(false, send);
        check((await device.getLedState(send)) === false, 'LED off, read back');
        await device.setLedState(true, send);
      }
      const alias = device.alias;
      await device.setAlias('Renamed abroad', send);
      check((await device.getSysInfo(send)).alias === 'Renamed abroad', 'alias, read back');
      await device.setAlias(alias, send);
      for (const [id, child] of device.children ?? []) {
        const outlet = await client.getDevice({ host: address, childId: id }, { transport: 'tcp' });
        await outlet.setPowerState(false);
        check((await outlet.getPowerState()) === false, `outlet ${child.alias} off, read back`);
        await outlet.setPowerState(true);
        check((await outlet.getPowerState()) === true, `outlet ${child.alias} on, read back`);
      }
    }
  }
} finally {
  await sim.stop();
}
process.exit(0);
