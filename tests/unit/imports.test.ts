import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

// ui → store → protocol ← worker, cli → lab → {model, methods, datasets, diagnostics, onnx} → {flow, ops} → engine → shaders.
// A layer may import itself, its tier, and everything below; types count like values.
// config.ts knows the paths and solvers that there are, and their files nothing of ours but what they are made of.
const engine = ['engine'];
const parts = ['flow', 'ops', ...engine];
const models = ['model', 'methods', 'datasets', 'diagnostics', 'onnx', ...parts];
const selftest = ['selftest', ...parts, 'reference'];
const lab = ['lab', 'selftest', ...models];

const allowed: Record<string, string[]> = {
  'src/': ['ui', 'store'], // main.tsx, App.tsx
  ui: ['ui', 'store'],
  store: ['store'],
  worker: ['worker', ...lab],
  cli: ['cli', ...lab],
  lab,
  ...Object.fromEntries(models.map((layer) => [layer, models])),
  ...Object.fromEntries(parts.map((layer) => [layer, parts])),
  engine,
  selftest, // ops against their float64 twins; the twins go no further
  reference: ['reference'],
};

/** The page builds its controls from what methods, data sets and presets say of themselves; one file fetches it. */
const catalogue = { file: 'store/catalog.ts', may: ['methods', 'datasets', 'diagnostics'], mayFile: 'lab/presets.ts' };

/** What all layers and both threads may import, and what of each other these files may. */
const shared: Record<string, string[]> = {
  'config.ts': [], // but for the paths and solvers that there are
  'panel.ts': [],
  'step_walk.ts': [],
  'protocol.ts': ['config.ts', 'panel.ts', 'step_walk.ts'],
  'file_protocol.ts': ['config.ts', 'panel.ts', 'protocol.ts'],
  'record_schema.ts': ['config.ts', 'panel.ts', 'protocol.ts'],
};

const source = resolve('src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(ts|tsx)$/.test(file) && !file.endsWith('.d.ts'))
  .sort();

const patterns = [
  /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]/g,
  /\bimport\.meta\.glob\b[^(]*\(\s*['"]([^'"]+)['"]/g,
];

/** The files of src/ that a file imports, as paths below src/. */
function importsOf(file: string, text: string): string[] {
  return patterns
    .flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1]!.replace(/\?.*$/, '')))
    .filter((path) => /^[./]/.test(path))
    .map((path) => relative(source, path.startsWith('/') ? resolve(`.${path}`) : resolve(source, dirname(file), path)));
}

const layerOf = (file: string) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : 'src/');

const listed = /^flow\/(paths|solvers)(\.ts$|\/)/;

/** Why this import is not allowed, or nothing. */
function complaint(file: string, target: string): string | undefined {
  const [from, to] = [layerOf(file), layerOf(target)];
  if (target.startsWith('../')) return undefined; // package.json, the style sheet's folder ...
  if (listed.test(file)) return target === 'config.ts' || listed.test(target) ? undefined : 'config.ts imports this file, which imports nothing of ours but its like';
  if (file === 'config.ts') return listed.test(target) ? undefined : 'config.ts imports only the paths and solvers that there are';
  if (file in shared) return shared[file]!.includes(target) ? undefined : `${file} imports ${shared[file]!.join(', ') || 'nothing of ours'}, and no more`;
  if (target in shared) return undefined;
  if (!(from in allowed)) return `src/${from}/ has no place in the table of layers`;
  if (file === catalogue.file && (catalogue.may.includes(to) || target === catalogue.mayFile)) return undefined;
  if (to === 'src/' && from === 'src/') return undefined;
  return allowed[from]!.includes(to) ? undefined : `${from} may import ${allowed[from]!.join(', ')}; not ${to}`;
}

test('imports run one way', () => {
  const faults = files.flatMap((file) =>
    importsOf(file, readFileSync(join(source, file), 'utf8')).flatMap((target) => {
      const why = complaint(file, target);
      return why ? [`src/${file} imports src/${target}: ${why}`] : [];
    }),
  );
  expect(files.length).toBeGreaterThan(0);
  expect(faults).toEqual([]);
});

describe('the check itself', () => {
  test('sees every form of import', () => {
    const text = `import a, {\n  b,\n} from '../engine/a.ts';\nimport type { C } from './c.ts';\nexport * from "../lab/d.ts";\nimport './e.css';\nconst f = await import('../ops/f.ts');\nimport g from '../worker/g.ts?worker';\nimport z from 'zod';\nconst h = import.meta.glob<{ x: 1 }>('../methods/*.ts');`;
    expect(importsOf('ui/x.tsx', text).sort()).toEqual(['engine/a.ts', 'lab/d.ts', 'methods/*.ts', 'ops/f.ts', 'ui/c.ts', 'ui/e.css', 'worker/g.ts']);
  });

  test.each([
    ['ui/chart.tsx', 'engine/device.ts'],
    ['store/runs.ts', 'ui/chart.tsx'],
    ['store/runs.ts', 'lab/session.ts'],
    ['store/runs.ts', 'methods/index.ts'],
    ['store/catalog.ts', 'lab/session.ts'],
    ['lab/session.ts', 'worker/train.worker.ts'],
    ['ops/matmul.ts', 'model/dit.ts'],
    ['engine/device.ts', 'ops/matmul.ts'],
    ['model/dit.ts', 'reference/dit.ts'],
    ['model/dit.ts', 'selftest/run.ts'],
    ['ui/states.tsx', 'selftest/run.ts'],
    ['selftest/run.ts', 'model/dit.ts'],
    ['lab/session.ts', 'reference/dit.ts'],
    ['reference/dit.ts', 'engine/philox.ts'],
    ['protocol.ts', 'lab/session.ts'],
    ['config.ts', 'protocol.ts'],
    ['panel.ts', 'protocol.ts'],
    ['config.ts', 'flow/place.ts'],
    ['flow/paths.ts', 'flow/place.ts'],
    ['flow/paths/vp.path.ts', 'engine/philox.ts'],
    ['flow/solvers.ts', 'flow/solver.ts'],
    ['record_schema.ts', 'lab/history.ts'],
    ['file_protocol.ts', 'lab/session.ts'],
    ['utils/x.ts', 'engine/device.ts'],
  ])('%s may not import %s', (file, target) => {
    expect(complaint(file, target)).toBeTruthy();
  });

  test.each([
    ['ui/chart.tsx', 'protocol.ts'],
    ['diagnostics/gain.ts', 'panel.ts'],
    ['protocol.ts', 'step_walk.ts'],
    ['store/catalog.ts', 'methods/index.ts'],
    ['store/catalog.ts', 'lab/presets.ts'],
    ['App.tsx', 'ui/page.tsx'],
    ['worker/train.worker.ts', 'lab/session.ts'],
    ['cli/main.ts', 'engine/device.ts'],
    ['diagnostics/gain.ts', 'model/dit.ts'],
    ['lab/session.ts', 'selftest/run.ts'],
    ['worker/train.worker.ts', 'selftest/run.ts'],
    ['selftest/cases/attention.ts', 'reference/attention.ts'],
    ['selftest/run.ts', 'engine/kernel.ts'],
    ['reference/dit.ts', 'config.ts'],
    ['config.ts', 'flow/paths.ts'],
    ['flow/paths/vp.path.ts', 'flow/paths/path.ts'],
    ['config.ts', 'flow/solvers.ts'],
  ])('%s may import %s', (file, target) => {
    expect(complaint(file, target)).toBeUndefined();
  });
});

test('whoever waits for the GPU goes through settled, or Firefox looks only every 100 ms', () => {
  const lines = files.flatMap((file) => readFileSync(join(source, file), 'utf8').split('\n').map((line) => `${file}: ${line.trim()}`));
  const waits = lines.filter((line) => /\b(onSubmittedWorkDone|mapAsync)\(/.test(line));
  expect(waits.length).toBeGreaterThan(5);
  expect(waits.filter((line) => !line.includes('settled('))).toEqual([]);
});
