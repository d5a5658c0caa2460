// tp-link-tapo-connect drives our simulator: AES and KLAP v2.
import { account, check, foreign, simulate } from './harness.mjs';
import { aes, klap } from './home.mjs';

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
      await device.turnOff();
      check((await device.getDeviceInfo()).device_on === false, 'off, read back');
      await device.turnOn();
      check((await device.getDeviceInfo()).device_on === true, 'on, read back');
      if (info.brightness !== undefined) {
        await device.setBrightness(31);
        check((await device.getDeviceInfo()).brightness === 31, 'brightness 31, read back');
        if (info.hue !== undefined) {
          await device.setHSL(200, 60, 50);
          const now = await device.getDeviceInfo();
          check(now.hue === 200 && now.saturation === 60, 'colour, read back', { hue: now.hue, saturation: now.saturation });
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

console.warn = () => {}; // the package tells of each fall-back from KLAP to AES
await drive('KLAP v2', klap);
await drive('AES', aes);
process.exit(0);
