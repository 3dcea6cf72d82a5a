// `npm start`: install what is missing, build, serve. Needs Node and a network for the first run, nothing else.
// --port N (next free one if taken), --strict-port (fail instead), --out FOLDER (default dist)
import { parseArgs } from 'node:util';
import { installPackages, root } from './install.mjs';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '4173' },
    'strict-port': { type: 'boolean', default: false },
    out: { type: 'string', default: 'dist' },
  },
});

process.chdir(root);
installPackages();

const { build, preview } = await import('vite');
const outDir = options.out;
await build({ logLevel: 'warn', build: { outDir, emptyOutDir: true } });
const server = await preview({
  logLevel: 'warn',
  build: { outDir },
  preview: { host: 'localhost', port: Number(options.port), strictPort: options['strict-port'] },
});

console.log(`\n  Low-Noise Lab is at ${server.resolvedUrls?.local[0]}\n  Ctrl+C stops it.\n`);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
