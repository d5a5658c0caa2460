// Our client, other people's devices: tplink-smarthome-simulator on loopback.
import dgram from 'node:dgram';
import { attempt, check, foreign, lines, raw, wattle } from './harness.mjs';

const { Device, UdpServer } = foreign('tplink-smarthome-simulator');

const home = [
  { model: 'hs110v2', address: '127.0.7.11', alias: 'Foreign Plug', mac: '50:c7:bf:00:07:11', energy: true },
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

// Broadcasts reach its devices through UdpServer, which would take the wildcard
// address; the broadcast address of loopback alone leaves other simulators alone.
const broadcasts = dgram.createSocket({ type: 'udp4', reuseAddr: true });
broadcasts.on('message', (message, from) => UdpServer.emit('message', message, from));
await new Promise((resolve, reject) => {
  broadcasts.once('error', reject);
  broadcasts.bind(9999, '127.255.255.255', resolve);
});

/** state reads all of a device. */
const state = async (name) => JSON.parse(await wattle('state', '--json', name))[0];

/** value reads one feature of a device as our client sees it. */
const value = async (name, id) => JSON.parse(await wattle('get', '--json', name, id));

try {
  console.log('discover');
  // Sweeps reach what else is on this machine's loopback; only the home counts.
  const targets = home.flatMap(({ address }) => ['--target', address]);
  const found = lines(await wattle('discover', '--json', ...targets));
  for (const { alias, address } of home) {
    check(found.some((f) => f.alias === alias && f.address === address), `found ${alias} at ${address}`);
  }
  const swept = lines(await wattle('discover', '--json', '--target', '127.255.255.255'));
  check(home.every(({ alias }) => swept.some((f) => f.alias === alias)), 'a broadcast finds all of them too', swept.length);

  for (const { alias, address, brightness, energy } of home) {
    console.log(alias);
    check((await state(address)).alias === alias, 'state, by address');
    for (const want of [true, false, true]) {
      await wattle(want ? 'on' : 'off', alias);
      const seen = await value(alias, 'state');
      check(seen.state === want, `${want ? 'on' : 'off'}, read back`, seen);
    }
    if (brightness) {
      await wattle('set', alias, 'brightness=37');
      const seen = await value(alias, 'brightness');
      check(seen.brightness === 37, 'brightness 37, read back', seen);
    }
    if (energy) {
      const [{ energy: seen }] = JSON.parse(await wattle('energy', '--json', alias));
      check(seen.current_consumption > 0, 'power', seen); // its days are in Wh where devices say kWh, and the reverse
    }
  }

  console.log('outlets, and several at once');
  await wattle('on', 'Foreign Strip');
  const outlets = (await state('Foreign Strip')).children.map((c) => c.alias);
  await wattle('off', `Foreign Strip/${outlets[1]}`);
  const relays = (await state('Foreign Strip')).children.map((c) => c.features.state);
  check(relays[0] === true && relays[1] === false && relays[2] === true, `${outlets[1]} alone is off`, relays);
  await wattle('off', 'Foreign Plug', 'Foreign Bulb');
  check(devices[0].data.system.sysinfo.relay_state === 0, 'the plug itself is off');

  console.log('colours');
  const lamp = devices[3].data.system.sysinfo;
  await wattle('light', 'Foreign Bulb', '--color', '120,80,60');
  let light = lamp.light_state;
  check(light.on_off === 1 && light.hue === 120 && light.saturation === 80 && light.brightness === 60 && light.color_temp === 0, 'the bulb itself is green', light);
  await wattle('light', 'Foreign Bulb', '--temp', '3000', '--transition', '1s');
  light = lamp.light_state;
  check(light.color_temp === 3000, 'and white', light.color_temp);
  check((await value('Foreign Bulb', 'color_temperature')).color_temperature === 3000, 'which is read back');

  console.log('schedules, timer, away mode');
  for (const [name, address, module] of [['Foreign Plug', home[0].address, 'schedule'], ['Foreign Bulb', home[3].address, 'smartlife.iot.common.schedule']]) {
    await wattle('schedule', 'delete', name, '--all', '--yes');
    await wattle('schedule', 'add', name, '--at', '6:30', '--days', 'mon-fri', '--on');
    const [rule] = (await raw(address, `${module}.get_rules`)).rule_list;
    check(rule.smin === 390 && rule.wday.join('') === '0111110' && rule.repeat === 1, `${name}: schedule added`, rule);
    const listed = JSON.parse(await wattle('schedule', 'list', '--json', name));
    check(JSON.stringify(listed).includes(rule.id), `${name}: and listed`);
    await wattle('schedule', 'delete', name, rule.id);
    check((await raw(address, `${module}.get_rules`)).rule_list.length === 0, `${name}: and deleted`);
  }
  const outlet = `Foreign Strip/${outlets[1]}`;
  await wattle('timer', outlet, '10m', 'off');
  const [timer] = (await raw(home[2].address, 'count_down.get_rules', {}, outlets[1])).rule_list;
  check(timer.delay === 600 && timer.act === 0 && timer.enable === 1, 'a timer of one outlet', timer);
  check((await raw(home[2].address, 'count_down.get_rules', {}, outlets[0])).rule_list.length === 0, 'and of no other');
  await wattle('timer', outlet, 'clear');
  check((await raw(home[2].address, 'count_down.get_rules', {}, outlets[1])).rule_list.length === 0, 'cleared');

  console.log('unplugged');
  await devices[1].stop();
  const gone = await attempt('on', 'Foreign Dimmer');
  check(gone.code === 5 && gone.stderr.includes('Foreign Dimmer'), 'exit code 5, and a reason', gone.stderr.trim());
} finally {
  await Promise.all(devices.map((d) => d.stop()));
  broadcasts.close();
}
process.exit(0);
