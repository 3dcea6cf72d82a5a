// Writes src/ui/formulas/formulas.json: run it (`npm run formulas`) after a formula was added or changed.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'vite';
import { root } from './install.mjs';

const server = await createServer({ root, logLevel: 'error', server: { middlewareMode: true, hmr: false, ws: false }, appType: 'custom', optimizeDeps: { noDiscovery: true } });
try {
  const { formulasWritten } = await server.ssrLoadModule('/scripts/formulas.ts');
  const formulas = formulasWritten();
  writeFileSync(join(root, 'src/ui/formulas/formulas.json'), `${JSON.stringify(formulas, null, 1)}\n`);
  console.log(`${Object.keys(formulas).length} formulas`);
} finally {
  await server.close();
}
