// tplink-cloud-api (npm) at our cloud: login, list, on and off, energy, an outlet.
import { account, check, foreign } from './harness.mjs';

const { login } = foreign('tplink-cloud-api');

let refused;
await login(account.username, 'not-the-password').catch((err) => { refused = err; });
check(refused?.errorCode === -20601, 'a wrong password is refused', refused?.message);

const cloud = await login(account.username, account.password);
check(/^[0-9a-f]{8}-\w{23}$/.test(cloud.getToken()), 'logged in');
const list = await cloud.getDeviceList();
check(list.length > 20, 'devices of the account', list.length);
const seed = list.find((d) => d.deviceId === 'deviceId');
check(seed?.deviceType === 'SMART.TAPOPLUG' && seed.status === 0 && list.some((d) => d.deviceModel === 'NC220'), 'the P100 and the NC220 of the seed are among them');

const plug = cloud.getHS110('Fridge');
for (const on of [false, true]) {
  await (on ? plug.powerOn() : plug.powerOff());
  check((await plug.getRelayState()) === (on ? 1 : 0), `${on ? 'on' : 'off'}, read back`);
}
const usage = await plug.getPowerUsage();
check(usage.power > 0 && usage.err_code === 0, 'energy', usage);
const info = await plug.getSysInfo();
check(info.model === 'HS110(EU)' && info.alias === 'Fridge', 'sysinfo', { model: info.model, feature: info.feature });

const lamp = cloud.getLB130('Corner lamp');
await lamp.powerOff();
await lamp.powerOn();
await lamp.setState(1, 42);
check((await lamp.getState()).brightness === 42, 'a bulb at 42 %');

const tapo = cloud.getHS100('deviceId');
await tapo.powerOn().catch((err) => { refused = err; });
check(refused?.errorCode === -20571, 'a Tapo plug is off line to this relay', refused?.message);
process.exit(0);
