// tp-link-tapo-connect drives our simulator: AES and KLAP v2.
import { account, check, foreign, raw, simulate, wattle } from './harness.mjs';
import { aes, klap, parents } from './home.mjs';

const { loginDeviceByIp } = foreign('tp-link-tapo-connect');

async function drive(transport, files) {
  const sim = await simulate(files);
  try {
    for (const { address, port, alias, name, model } of sim.devices) {
      console.log(`${alias ?? name} (${model}) over ${transport}`);
      const host = port === 80 ? address : `${address}:${port}`;
      const device = await loginDeviceByIp(account.username, account.password, host);
      const info = await device.getDeviceInfo();
      check(info.model.length > 0 && info.device_id.length === 40, 'logged in, device info', { model: info.model, nickname: info.nickname, device_on: info.device_on });
      const itself = () => raw(address, 'get_device_info');
      await device.turnOff();
      check((await device.getDeviceInfo()).device_on === false && (await itself()).device_on === false, 'off, read back');
      await device.turnOn();
      check((await device.getDeviceInfo()).device_on === true && (await itself()).device_on === true, 'on, read back');
      if (info.brightness !== undefined) {
        await device.setBrightness(31);
        check((await itself()).brightness === 31, 'brightness 31');
        if (info.hue !== undefined) {
          await device.setHSL(200, 60, 50);
          let now = await itself();
          check(now.hue === 200 && now.saturation === 60 && now.color_temp === 0, 'colour', { hue: now.hue, saturation: now.saturation });
          await device.setColour('warmwhite');
          now = await itself();
          check(now.color_temp === 2700 && (await device.getDeviceInfo()).color_temp === 2700, 'warm white, read back', now.color_temp);
          await device.setColour('#ff0000');
          now = await itself();
          check(now.hue === 0 && now.saturation === 100, 'red', { hue: now.hue, saturation: now.saturation });
        }
      } else {
        const usage = await device.getEnergyUsage();
        check(usage.today_energy >= 0 && usage.month_energy >= usage.today_energy, 'energy', usage);
      }
      let refused;
      await loginDeviceByIp(account.username, 'not-the-password', host).catch((err) => { refused = err; });
      check(refused !== undefined, 'a wrong password is refused', String(refused?.message ?? refused));
      check((await (await loginDeviceByIp(account.username, account.password, host)).getDeviceInfo()).device_on === true, 'and the right one still works');
    }
  } finally {
    await sim.stop();
  }
}

/** children drives a strip with outlets, and a hub with sensors. */
async function children() {
  const control = `${process.env.INTEROP_WORK}/tapo.sock`;
  const sim = await simulate(parents, '--control', control);
  try {
    const [strip, hub] = sim.devices;
    console.log(`outlets of ${strip.alias ?? strip.name}`);
    let device = await loginDeviceByIp(account.username, account.password, strip.address);
    const listed = async () => (await raw(strip.address, 'get_child_device_list', { start_index: 0 })).child_device_list.map((c) => c.device_on);
    const outlets = await device.getChildDevicesInfo();
    for (const { device_id } of outlets) await device.turnOn(device_id);
    check((await listed()).every((on) => on), 'all on', await listed());
    await device.turnOff(outlets[1].device_id);
    const seen = await listed();
    check(seen[0] && !seen[1] && seen[2], 'the second off', seen);
    check((await device.getChildDevicesInfo())[1].device_on === false, 'which it reads back');

    console.log(`children of ${hub.alias ?? hub.name}`);
    device = await loginDeviceByIp(account.username, account.password, hub.address);
    const sensors = await device.getChildDevicesInfo();
    const paired = (await raw(hub.address, 'get_child_device_list', { start_index: 0 })).child_device_list;
    check(sensors.length === paired.length, 'sensors, buttons and a valve', sensors.map((c) => c.model));
    const button = sensors.find((c) => c.category === 'subg.trigger.button');
    await wattle('sim', 'ctl', '--control', control, 'Bed button', 'press');
    const { logs } = (await device.getEventLogs(button.device_id, 5, 0)).responseData.result;
    const newest = (await raw(hub.address, 'get_trigger_logs', { page_size: 1, start_id: 0 }, 'Bed button')).logs[0];
    check(logs[0].event === 'singleClick' && logs[0].id === newest.id, 'the button was pressed, and is in its log', logs[0]);
    await device.playAlarm('Doorbell Ring 1', 'low', 10);
    check((await raw(hub.address, 'get_device_info')).in_alarm === true, 'the siren sounds');
    await device.stopAlarm();
    check((await raw(hub.address, 'get_device_info')).in_alarm === false, 'and is silent');
  } finally {
    await sim.stop();
  }
}

console.warn = () => {}; // the package tells of each fall-back from KLAP to AES
await drive('KLAP v2', klap);
await drive('AES', aes);
await children();
process.exit(0);
