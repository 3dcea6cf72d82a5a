import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { csp, cspDevelopmentHeader, cspHeader } from './scripts/csp.mjs';
import { vulkanEnvironment } from './scripts/vulkan.mjs';

/** Writes the policy into the built page, so that it holds on any static host. */
const cspMeta: Plugin = {
  name: 'csp-meta',
  apply: 'build',
  transformIndexHtml: () => [
    { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: csp }, injectTo: 'head-prepend' },
  ],
};

/**
 * zod asks by a trial whether it may compile code. The policy says no, and browsers report the trial; so it is told beforehand. Its words for what it
 * refuses stay at home, for src/config.ts has the lab's own for all of it, and so does its making of JSON schemas, which nobody asks for.
 */
const plainZod = (): Plugin => ({
  name: 'plain-zod',
  apply: 'build',
  transform(code, id) {
    if (/\/zod\/v4\/core\/core\.js$/.test(id)) return `${code}\nglobalConfig.jitless = true;`;
    if (/\/zod\/v4\/classic\/schemas\.js$/.test(id)) {
      return code.replaceAll(/inst\._zod\.processJSONSchema = [^;]*;/g, '').replaceAll(/create(?:Standard|To)JSONSchemaMethod\(this, [^)]*\)/g, '(() => ({}))');
    }
    return /\/zod\/v4\/locales\/en\.js$/.test(id) ? 'export default () => ({});' : null;
  },
});

/**
 * Keeps the page in the browser after the first visit. What the first view needs comes at once, everything else when it is first used. A new
 * version waits until no tab of the lab is open: nothing is exchanged under a running training.
 */
const offline = VitePWA({
  disable: process.env.LNL_OFFLINE === 'no',
  registerType: 'prompt',
  injectRegister: null, // src/store/offline.ts does, after the first view
  includeManifestIcons: false, // the system fetches them
  manifest: {
    name: 'Low-Noise Lab',
    short_name: 'Low-Noise Lab',
    description: 'Train small diffusion transformers in your browser and see what flow matching does at low noise.',
    start_url: './',
    scope: './',
    display: 'minimal-ui',
    background_color: '#f3f4f2',
    theme_color: '#15191d',
    icons: [
      { src: 'icon.svg', sizes: 'any', type: 'image/svg+xml' },
      { src: 'icon-192.png', sizes: '192x192', type: 'image/png' },
      { src: 'icon-512.png', sizes: '512x512', type: 'image/png' },
      { src: 'icon-maskable.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
    ],
  },
  workbox: {
    globPatterns: ['index.html', 'icon.svg', 'assets/*.{js,css}', 'studies/low-noise.*'],
    globIgnores: ['assets/ort*'],
    navigateFallback: null, // beside the page there may be others of the same host
    clientsClaim: true, // so that the first visit fills the caches too
    cleanupOutdatedCaches: true,
    inlineWorkboxRuntime: true,
    sourcemap: false,
    runtimeCaching: [
      {
        urlPattern: /\/assets\/ort[^/]*\.(js|wasm)$/,
        handler: 'CacheFirst',
        options: { cacheName: 'onnxruntime', expiration: { maxEntries: 4, purgeOnQuotaError: true } },
      },
      { urlPattern: /\/(studies|examples)\/[^/]+$/, handler: 'StaleWhileRevalidate', options: { cacheName: 'recordings' } },
    ],
  },
});

const commonHeaders = { 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' };

// Vitest starts its worker processes from this one, so they inherit what Dawn needs.
if (process.env.VITEST) Object.assign(process.env, vulkanEnvironment());

/** Tests on a device share one process: a software adapter already fills every core. */
const onDevice = {
  setupFiles: ['tests/support/setup.ts'],
  pool: 'forks',
  fileParallelism: false,
  maxWorkers: 1,
  isolate: false,
  testTimeout: 120_000,
  hookTimeout: 120_000,
} satisfies TestProjectInlineConfiguration['test'];

export default defineConfig({
  base: './', // works under any path
  plugins: [react(), cspMeta, plainZod(), offline],
  worker: { format: 'es', plugins: () => [plainZod()] },
  optimizeDeps: { entries: ['index.html'] }, // the bench has packages of its own
  build: {
    target: 'esnext',
    assetsInlineLimit: 0, // a data: font or script would need a looser policy
    chunkSizeWarningLimit: 1000,
    // The page takes what diagnostics say of themselves and leaves their work to the worker: modules that nobody uses may go.
    rollupOptions: { treeshake: { moduleSideEffects: (id) => !/\/(src\/(engine|ops|model|diagnostics|flow)\/|node_modules\/(ml-matrix|wgsl_reflect)\/)/.test(id) } },
  },
  server: { headers: { ...commonHeaders, 'Content-Security-Policy': cspDevelopmentHeader } },
  preview: { headers: { ...commonHeaders, 'Content-Security-Policy': cspHeader } },
  test: {
    projects: [
      { extends: true, test: { name: 'unit', include: ['tests/unit/**/*.test.{ts,tsx}'], maxWorkers: 2 } },
      { extends: true, test: { name: 'kernels', include: ['tests/kernels/**/*.test.ts'], ...onDevice } },
      { extends: true, test: { name: 'model', include: ['tests/{model,onnx}/**/*.test.ts'], ...onDevice } },
    ],
  },
});
