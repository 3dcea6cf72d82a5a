import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from '@playwright/test';
import { findChromium } from './scripts/chromium.mjs';

// This file is read again in every worker process, so what is chosen once travels in the environment.
const port = (process.env.LNL_E2E_PORT ??= String(20_000 + (process.pid % 20_000)));
const chromium = findChromium();
if (!chromium) throw new Error('No Chromium found: `npm test` installs one where it can; else set CHROMIUM_PATH.');
process.env.CHROMIUM_PATH = chromium;
const built = join(tmpdir(), `low-noise-lab-e2e-${port}`); // not dist/: a page that is being served must not change under its reader
process.env.LNL_E2E_OUT = built;

const quiet = [
  '--headless=new', // the old headless shell has no WebGPU
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const webgpu = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
const launch = (args: string[]) => ({ executablePath: chromium, args, ignoreDefaultArgs: ['--headless'] });

export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: 'test-results/e2e',
  globalTeardown: './tests/support/teardown.ts',
  workers: 1, // a software adapter already fills every core
  fullyParallel: false,
  retries: process.env.CI ? 1 : 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 120_000,
  expect: { timeout: 20_000 },
  use: { serviceWorkers: 'block', baseURL: `http://localhost:${port}/`, trace: 'retain-on-failure', viewport: { width: 1440, height: 900 } },
  projects: [
    { name: 'swiftshader', grepInvert: /@no-gpu|@phone/, use: { launchOptions: launch([...quiet, ...webgpu]) } },
    { name: 'no-gpu', grep: /@no-gpu/, use: { launchOptions: launch(quiet) } },
    {
      name: 'phone',
      grep: /@phone/,
      use: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, launchOptions: launch([...quiet, ...webgpu]) },
    },
  ],
  webServer: {
    command: `node scripts/start.mjs --strict-port --port ${port} --out "${built}" --offline`,
    url: `http://localhost:${port}/`,
    timeout: 180_000,
    stdout: 'pipe',
    gracefulShutdown: { signal: 'SIGTERM', timeout: 2_000 },
  },
});
