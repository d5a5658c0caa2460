// What the parts have in common: our binary, a simulated home, checks that say
// what they saw, and other people's packages from the scratch folder.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import readline from 'node:readline';

const work = process.env.INTEROP_WORK;
const binary = process.env.WATTLE;
if (!work || !binary) throw new Error('start the parts with interop/run');

/** Packages that npm installed into the scratch folder. */
export const foreign = createRequire(`${work}/`);

let homes = 0;

export const account = { username: 'demo@example.com', password: 'demo' };

/** check prints what was seen and ends the part if it is not as it should be. */
export function check(condition, what, seen) {
  const text = seen === undefined ? what : `${what}: ${JSON.stringify(seen)}`;
  if (!condition) throw new Error(`not so: ${text}`);
  console.log(`  ok  ${text}`);
}

/** near tells whether two readings agree within one percent of the range. */
export const near = (a, b, tolerance = 0.01) => Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b));

/** wattle runs our command line and gives its answer; it fails on a non-zero exit. */
export async function wattle(...args) {
  const { code, stdout, stderr } = await attempt(...args);
  if (code !== 0) throw new Error(`wattle ${args.join(' ')}: exit ${code}\n${stderr}${stdout}`);
  return stdout;
}

/** attempt runs our command line, whatever it exits with. */
export function attempt(...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
    child.stdout.on('data', (chunk) => { stdout += chunk; });
    child.stderr.on('data', (chunk) => { stderr += chunk; });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code: signal ?? code, stdout, stderr });
    });
  });
}

/** raw is what a simulated device itself answers, asked by our client: so that a check does not rest on the foreign one alone. */
export async function raw(address, method, params, child) {
  const which = child === undefined ? [] : ['--child', String(child)];
  return JSON.parse(await wattle('raw', ...which, address, method, ...(params ? [JSON.stringify(params)] : [])));
}

/** lines reads NDJSON, leaving out what is not JSON. */
export const lines = (text) => text.split('\n').filter((l) => l.startsWith('{')).map((l) => JSON.parse(l));

/** simulate serves files with our simulator until stop is called. */
export async function simulate(files, ...flags) {
  homes += 1; // what is remembered of one home would be wrong for the next one at the same addresses
  process.env.XDG_STATE_HOME = `${process.env.HOME}/state-${process.pid}-${homes}`;
  const args = ['sim', '--json', '--range', process.env.INTEROP_RANGE, ...flags, ...files];
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const devices = [];
  const ready = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`only ${devices.length} of ${files.length} simulated devices after 30 s`)), 30_000);
    ended.then((code) => reject(new Error(`wattle ${args.join(' ')}: ended with ${code}`)));
    readline.createInterface({ input: child.stdout }).on('line', (line) => {
      devices.push(JSON.parse(line));
      if (devices.length === files.length) {
        clearTimeout(timer);
        resolve();
      }
    });
  });
  const stop = async () => {
    child.kill('SIGINT');
    return ended;
  };
  try {
    await ready;
  } catch (err) {
    child.kill('SIGKILL');
    throw err;
  }
  return { devices, stop };
}
