// `npm test` runs every part; `npm test unit e2e` runs some. The last line is the sum: "N passed, N failed".
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { findChromium } from './chromium.mjs';
import { installPackages, root } from './install.mjs';

const require = createRequire(import.meta.url);
const PART_LIMIT = 40 * 60_000;
const reports = join(root, 'test-results/reports');

const parts = {
  types: () => one('typescript', 'tsc', ['--noEmit']),
  lint: () => one('oxlint', 'oxlint', ['--deny-warnings']),
  unit: () => vitest('unit', ['unit']),
  kernels: () => vitest('kernels', ['kernels']),
  model: () => vitest('model', ['model', 'onnx']),
  e2e: playwright,
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in parts));
if (unknown.length) {
  console.error(`No such part: ${unknown.join(', ')}. There are ${Object.keys(parts).join(', ')}.`);
  process.exit(2);
}
const chosen = names.length ? names : Object.keys(parts);

process.chdir(root);
installPackages();
if (chosen.some((name) => ['kernels', 'model', 'e2e'].includes(name))) installChromium();
mkdirSync(reports, { recursive: true });

const total = { passed: 0, failed: 0, skipped: 0 };
const lines = [];
for (const name of chosen) {
  console.log(`\n== ${name}`);
  const start = Date.now();
  const count = await parts[name]();
  for (const key of Object.keys(total)) total[key] += count[key];
  lines.push(`${name.padEnd(8)} ${sum(count)}${count.note ? ` (${count.note})` : ''}  ${((Date.now() - start) / 1000).toFixed(1)} s`);
}
console.log(`\n${lines.join('\n')}\n\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed ? 1 : 0;

function sum({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
}

/** A part that is one test: a program that must exit with 0. */
async function one(packageName, program, args) {
  const status = await run(packageName, program, args);
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
}

async function vitest(project, folders) {
  if (!folders.some((folder) => hasTests(join(root, 'tests', folder), /\.test\.tsx?$/))) return nothingYet();
  const file = join(reports, `${project}.json`);
  rmSync(file, { force: true });
  const status = await run('vitest', 'vitest', [
    'run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`,
  ]);
  const report = read(file);
  return checked(status, {
    passed: report?.numPassedTests ?? 0,
    failed: report?.numFailedTests ?? 0,
    skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0),
  });
}

async function playwright() {
  if (!hasTests(join(root, 'tests/e2e'), /\.spec\.ts$/)) return nothingYet();
  const file = join(reports, 'e2e.json');
  rmSync(file, { force: true });
  const status = await run('@playwright/test', 'playwright', ['test', '--reporter=list,json'], { PLAYWRIGHT_JSON_OUTPUT_FILE: file });
  const stats = read(file)?.stats;
  const count = checked(status, { passed: (stats?.expected ?? 0) + (stats?.flaky ?? 0), failed: stats?.unexpected ?? 0, skipped: stats?.skipped ?? 0 });
  if (stats?.flaky) count.note = `${stats.flaky} passed only when tried again`;
  return count;
}

/** A program that failed, or ran nothing, counts as a failure even if no test of it does (a file that does not load, a build that breaks). */
function checked(status, count) {
  if (count.failed === 0 && status !== 0) return { ...count, failed: 1, note: 'the part itself failed' };
  if (count.passed + count.failed === 0) return { ...count, failed: 1, note: 'no test ran' };
  return count;
}

function nothingYet() {
  console.log('no tests yet');
  return { passed: 0, failed: 0, skipped: 0, note: 'no tests yet' };
}

function hasTests(folder, pattern) {
  return existsSync(folder) && readdirSync(folder, { recursive: true }).some((file) => pattern.test(String(file)));
}

function read(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** Runs a package's program with its output going straight to the terminal; resolves to the exit status. */
function run(packageName, program, args, env = {}) {
  const manifest = join(root, 'node_modules', packageName, 'package.json');
  const { bin } = require(manifest);
  const path = join(dirname(manifest), typeof bin === 'string' ? bin : bin[program]);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path, ...args], { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
    const limit = setTimeout(() => {
      console.error(`${program} has run for ${PART_LIMIT / 60_000} minutes: stopping it.`); // a hung driver also hangs the runner's own timeouts
      child.kill('SIGKILL');
    }, PART_LIMIT);
    child.on('close', (status) => {
      clearTimeout(limit);
      resolve(status ?? 1);
    });
  });
}

/** The browser tests need Chromium, and so do the kernels where there is no GPU: its SwiftShader is our software driver. */
function installChromium() {
  if (findChromium()) return;
  const canInstall = process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (canInstall) {
    console.log('Installing Chromium (apt-get) ...');
    const apt = (...args) =>
      spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=300', ...args], {
        stdio: ['ignore', 'inherit', 'inherit'],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
    apt('update');
    apt('install', '-y', '--no-install-recommends', 'chromium');
  }
  if (findChromium()) return;
  console.error('No Chromium found: install one (`npx playwright install --with-deps chromium` is one way), or set CHROMIUM_PATH to it.');
  process.exit(1);
}
