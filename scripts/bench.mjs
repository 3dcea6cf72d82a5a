// `npm run bench`: our training step beside the other libraries' that train on WebGPU. tests/bench/README.md says what is measured.
import { fork, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findChromium } from './chromium.mjs';
import { installPackages, root } from './install.mjs';
import { vulkanEnvironment } from './vulkan.mjs';

const folder = join(root, 'tests/bench');
const allPeers = readdirSync(join(folder, 'peers')).map((file) => file.replace('.ts', '')).sort((a, b) => (b === 'ours') - (a === 'ours'));

const usage = `npm run bench -- [options]
  --peers LIST    ${allPeers.join(',')}
  --work LIST     small,large
  --where LIST    node,chromium (default node)
  --steps N       timed steps, at most (default 20)
  --seconds N     time for them; at least three are taken (default 10)
  --hardware      Chromium on the machine's GPU and not on SwiftShader
  --profile       no peers: where our step's time goes, by kernel (in Node, processor time over two)
  --json          print JSON only
  --save          keep the results in tests/bench/results`;

const { values: options } = parseArgs({
  options: {
    peers: { type: 'string', default: allPeers.join() },
    work: { type: 'string', default: 'small,large' },
    where: { type: 'string', default: 'node' },
    steps: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '10' },
    hardware: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}
const peers = choose('peers', allPeers);
const works = choose('work', ['small', 'large']);
const places = choose('where', ['node', 'chromium']);

process.chdir(root);
installPackages();
installPeers();

const { build, preview } = await import('vite');
const { report, reportOwn, reportProfile, parity } = await import('../tests/bench/report.mjs');
const configFile = join(folder, 'vite.config.mjs');

/** Where a measurement can run: each opens to `{measure(request), close()}`. */
const open = { node: openNode, chromium: openChromium };

const runs = [];
const own = [];
let failed = false;
for (const where of places) {
  const place = await open[where]();
  if (options.profile) {
    for (const work of works) {
      const measurement = await place.measure({ profile: true, work, steps: Number(options.steps) });
      console.log(options.json ? JSON.stringify({ where, work, measurement }, null, 2) : `\n${reportProfile({ where, work, measurement })}\n`);
    }
    await place.close();
    continue;
  }
  for (const work of works) {
    const measurements = [];
    for (const peer of peers) {
      console.error(`${where}, ${work}, ${peer} ...`);
      try {
        measurements.push(await place.measure({ peer, work, steps: Number(options.steps), seconds: Number(options.seconds) }));
      } catch (error) {
        failed = true;
        console.error(`${peer} failed: ${error.message}`);
      }
    }
    if (!measurements.length) continue;
    const agreement = parity(measurements);
    failed ||= !agreement.ok;
    const run = { where, work: measurements[0].work, measurements, parity: agreement };
    runs.push(run);
    if (!options.json) console.log(`\n${report(run)}\n`);
    if (options.save) save(run);
  }
  if (peers.includes('ours')) {
    console.error(`${where}, our own options ...`);
    const measurement = await place.measure({ own: true, steps: Number(options.steps), seconds: 2 * Number(options.seconds) });
    const run = { where, work: { name: 'own' }, measurements: [measurement] };
    own.push(run);
    if (!options.json) console.log(`\n${reportOwn(run)}\n`);
    if (options.save) save(run);
  }
  await place.close();
}
if (options.json && !options.profile) console.log(JSON.stringify({ date: new Date().toISOString(), runs, own }, null, 2));
process.exitCode = failed ? 1 : 0;

function choose(option, known) {
  const chosen = options[option].split(',');
  const wrong = chosen.filter((name) => !known.includes(name));
  if (!wrong.length) return chosen;
  console.error(`--${option}: there is no ${wrong.join(', ')}.\n\n${usage}`);
  process.exit(2);
}

/** The other libraries have a package.json of their own, so that only who runs the bench has to fetch them. */
function installPeers() {
  const record = join(folder, 'node_modules/.package-lock.json');
  if (existsSync(record) && statSync(record).mtimeMs >= statSync(join(folder, 'package-lock.json')).mtimeMs) return;
  console.error('Installing the libraries to compare with (npm ci in tests/bench) ...');
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(1);
}

/** Dawn; a new process for each measurement, and no shader cache, so that the first step is a cold one. */
async function openNode() {
  await build({ configFile, build: { ssr: true } });
  const env = { MESA_SHADER_CACHE_DISABLE: '1', ...process.env, ...vulkanEnvironment() };
  return {
    measure: (request) =>
      new Promise((resolve, reject) => {
        const child = fork(join(folder, 'dist/node/node.js'), [JSON.stringify(request)], { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
        let complaints = ''; // Dawn's warnings are of interest only if the measurement fails
        child.stderr.on('data', (text) => (complaints += text));
        child.on('message', resolve);
        child.on('close', (code, signal) => reject(new Error(`the process ended with ${signal ?? code}\n${complaints}`)));
      }),
    close: async () => {},
  };
}

/** A new browser with an empty profile for each measurement. */
async function openChromium() {
  await build({ configFile });
  const { chromium } = await import('@playwright/test');
  const server = await preview({ configFile, preview: { host: 'localhost' } });
  const page = new URL('tests/bench/page.html', server.resolvedUrls.local[0]).href;
  const adapter = options.hardware ? [] : ['--use-webgpu-adapter=swiftshader'];
  return {
    async measure(request) {
      const browser = await chromium.launch({
        executablePath: findChromium(),
        args: ['--headless=new', '--no-sandbox', '--enable-unsafe-webgpu', ...adapter],
        ignoreDefaultArgs: ['--headless'], // the old headless shell has no WebGPU
      });
      try {
        const tab = await browser.newPage();
        await tab.goto(page);
        return await tab.evaluate((request) => globalThis.measure(request), request);
      } finally {
        await browser.close();
      }
    },
    close: () => server.close(),
  };
}

/** One file an adapter, place and work, so that a machine's figures replace its own older ones and no others. */
function save(run) {
  const { vendor, architecture } = run.measurements[0].adapter;
  const name = [vendor, architecture, run.where, run.work.name].join('-').replace(/[^\w-]+/g, '_');
  mkdirSync(join(folder, 'results'), { recursive: true });
  writeFileSync(join(folder, 'results', `${name}.json`), `${JSON.stringify(run, null, 2)}\n`);
}
