// Other people's cloud clients at our simulated cloud, one after the other. usage:
// cloud.mjs PYTHON, the interpreter that has tplink-cloud-api.
import { spawn } from 'node:child_process';
import readline from 'node:readline';

const { WATTLE, INTEROP_WORK } = process.env;
const python = process.argv[2];

const run = (command, args, env) => new Promise((resolve, reject) => {
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  child.on('error', reject);
  child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${args.join(' ')}: exit ${code}`))));
});

const sim = spawn(WATTLE, ['sim', '--json', '--cloud-only', '--cloud-address', '127.0.96.250:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
const ended = new Promise((resolve) => sim.on('close', resolve));
try {
  const line = await new Promise((resolve, reject) => {
    ended.then((code) => reject(new Error(`wattle sim ended with ${code}`)));
    readline.createInterface({ input: sim.stdout }).once('line', resolve);
  });
  const { url, ca_file: ca } = JSON.parse(line);
  const env = { CLOUD_URL: url, CLOUD_CA: ca };
  console.log('tplink-cloud-api (npm), first generation');
  await run(process.execPath, ['--require', './cloud-hosts.cjs', 'cloud-node.mjs'], { ...env, NODE_EXTRA_CA_CERTS: ca, INTEROP_WORK });
  console.log('tplink-cloud-api (PyPI), second generation with a code');
  await run(python, ['cloud-python.py'], env);
} finally {
  sim.kill('SIGINT');
  await ended;
}
