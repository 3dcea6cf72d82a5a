import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
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
  plugins: [react(), cspMeta],
  worker: { format: 'es' },
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
