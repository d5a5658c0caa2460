// tplink-smarthome-api drives our simulator: XOR over TCP and UDP.
import { check, foreign, raw, simulate } from './harness.mjs';
import { xor } from './home.mjs';

const { Client } = foreign('tplink-smarthome-api');

const lamp = 'smartlife.iot.smartbulb.lightingservice';

/** rules adds, changes and deletes a schedule, a timer and away mode. */
async function rules(device, address) {
  const bulb = device.deviceType === 'bulb';
  if (device.schedule === undefined || device.children?.size > 0) return; // the outlets have them
  const table = bulb ? 'smartlife.iot.common.schedule' : 'schedule';
  const listed = async (module = table) => (await raw(address, `${module}.get_rules`)).rule_list;
  await device.schedule.deleteAllRules();
  const what = bulb ? { lightState: { on_off: 1, brightness: 20, color_temp: 2700 } } : { powerState: true };
  const { id } = await device.schedule.addRule({ ...what, start: 390, daysOfWeek: [1, 2, 3, 4, 5], name: 'morning', enable: true });
  let [rule] = await listed();
  check(rule.id === id && rule.smin === 390 && rule.wday.join('') === '0111110' && (!bulb || rule.s_light.brightness === 20), 'schedule added', rule);
  await device.schedule.editRule({ ...what, id, start: 'sunset', daysOfWeek: [0, 6], name: 'evening', enable: true });
  [rule] = await listed();
  check(rule.stime_opt === 2 && rule.wday.join('') === '1000001', 'schedule changed', rule.name);
  await device.schedule.deleteRule(id);
  check((await listed()).length === 0, 'schedule deleted');
  if (bulb) return;
  await device.timer.addRule({ delay: 600, powerState: false, name: 'later', enable: true, deleteExisting: true });
  const [timer] = await listed('count_down');
  check(timer.delay === 600 && timer.act === 0 && timer.remain > 590, 'timer started', timer);
  await device.timer.deleteAllRules();
  await device.away.addRule({ start: 'sunset', end: 1380, daysOfWeek: [0, 1, 2, 3, 4, 5, 6], frequency: 5, name: 'away', enable: true });
  const [away] = await listed('anti_theft');
  check(away.stime_opt === 2 && away.emin === 1380, 'away mode set', away);
  await device.away.deleteAllRules();
  check((await listed('count_down')).length + (await listed('anti_theft')).length === 0, 'both removed');
}

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
        const itself = (await raw(address, 'system.get_sysinfo'));
        const on = itself.light_state?.on_off ?? itself.relay_state ?? (itself.children.some((c) => c.state === 1) ? 1 : 0);
        check((await device.getPowerState(send)) === want && on === Number(want), want ? 'on, read back' : 'off, read back');
      }
      if (device.deviceType === 'plug' && device.supportsDimmer) {
        await device.dimmer.setBrightness(42, send);
        check((await raw(address, 'system.get_sysinfo')).brightness === 42, 'brightness 42');
      }
      if (device.deviceType === 'bulb' && device.supportsBrightness) {
        await device.lighting.setLightState({ on_off: 1, brightness: 43 }, send);
        const state = await device.lighting.getLightState(send);
        check(state.brightness === 43 && state.on_off === 1, 'brightness 43, read back', state);
        check((await raw(address, `${lamp}.get_light_state`)).brightness === 43, 'and in the lamp itself');
      }
      if (device.deviceType === 'bulb' && device.supportsColor) {
        await device.lighting.setLightState({ hue: 120, saturation: 80, color_temp: 0 }, send);
        const state = await device.lighting.getLightState(send);
        check(state.hue === 120 && state.saturation === 80, 'colour, read back', state);
        const itself = await raw(address, `${lamp}.get_light_state`);
        check(itself.hue === 120 && itself.saturation === 80 && itself.color_temp === 0, 'and in the lamp itself');
        await device.lighting.setLightState({ color_temp: 3500 }, send);
        check((await raw(address, `${lamp}.get_light_state`)).color_temp === 3500, 'white of 3500 K');
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
      if (transport === 'tcp') await rules(device, address);
      const alias = device.alias;
      await device.setAlias('Renamed abroad', send);
      check((await device.getSysInfo(send)).alias === 'Renamed abroad', 'alias, read back');
      await device.setAlias(alias, send);
      for (const [id, child] of device.children ?? []) {
        const outlet = await client.getDevice({ host: address, childId: id }, { transport: 'tcp' });
        await outlet.setPowerState(false);
        check((await outlet.getPowerState()) === false, `outlet ${child.alias} off, read back`);
        const itself = (await raw(address, 'system.get_sysinfo')).children;
        check(itself.filter((c) => c.state === 0).map((c) => c.alias).join() === child.alias, 'and no other');
        await outlet.setPowerState(true);
        check((await outlet.getPowerState()) === true, `outlet ${child.alias} on, read back`);
      }
    }
  }
} finally {
  await sim.stop();
}
process.exit(0);
