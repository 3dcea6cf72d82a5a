// `npm start`: install what is missing, build, serve. Needs Node and a network for the first run, nothing else.
// --port N (next free one if taken), --strict-port (fail instead), --out FOLDER (default dist),
// --offline (also what lets a browser keep the page, as `npm run build` has it; a page from this machine has no need of it, and would be a version behind)
import { parseArgs } from 'node:util';
import { installPackages, root } from './install.mjs';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '4173' },
    'strict-port': { type: 'boolean', default: false },
    out: { type: 'string', default: 'dist' },
    offline: { type: 'boolean', default: false },
  },
});

process.chdir(root);
installPackages();
if (!options.offline) process.env.LNL_OFFLINE = 'no';

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
