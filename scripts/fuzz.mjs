// `npm run fuzz -- --minutes 10 [--seed 7]`: damaged files of every format for as long as told. A failure names the file's number and seed.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { installPackages, root } from './install.mjs';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: String(Date.now() % 1_000_000) } } });
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  console.error('--minutes takes a number above 0, --seed a whole number.');
  process.exit(2);
}
installPackages();
spawn('npx', ['vitest', 'run', '--project', 'unit', 'tests/unit/hostile.test.ts'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, LNL_FUZZ_MINUTES: String(minutes), LNL_FUZZ_SEED: String(seed) },
}).on('close', (status) => process.exit(status ?? 1));
