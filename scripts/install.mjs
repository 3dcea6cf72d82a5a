// Makes sure that node_modules is what package-lock.json says. Plain Node: it runs before any package is there.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`This needs Node 20.19 or newer; you have ${process.versions.node}.`);
  process.exit(1);
}

/** npm leaves a record of what it installed. An optional package that could not be installed is absent from it, and that is allowed. */
function isStale() {
  const record = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return true;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).some(([path, { version, optional, devOptional }]) => {
    if (path === '') return false;
    if (!installed[path]) return !(optional || devOptional);
    return installed[path].version !== version || !existsSync(join(root, path));
  });
}

/** Runs `npm ci` if something is missing. Install scripts stay off: none of our packages needs one. */
export function installPackages() {
  if (!isStale()) return;
  console.error('Installing npm packages (npm ci) ...');
  // dev and optional are named because NODE_ENV=production or a user's npmrc may leave them out, and vite needs both
  const args = ['ci', '--include=dev', '--include=optional', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const stdio = ['ignore', 2, 2]; // stdout belongs to the program that called
  const npm = process.env.npm_execpath; // set when we are run by npm; a .js file, so it works where npm is npm.cmd
  const { status } = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio })
    : spawnSync('npm', args, { cwd: root, stdio, shell: process.platform === 'win32' });
  if (status !== 0) {
    console.error('npm ci failed; its message is above.');
    process.exit(1);
  }
}
