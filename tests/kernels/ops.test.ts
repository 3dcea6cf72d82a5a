import { beforeAll, expect, test } from 'vitest';
import { KernelLibrary } from '../../src/engine/kernel.ts';
import { Recorder } from '../../src/engine/recorder.ts';
import { kernelNames } from '../../src/engine/specialise.ts';
import { contrastiveSizes, pairDistances } from '../../src/ops/contrastive.ts';
import { Random } from '../../src/reference/random.ts';
import { filled, recordCase } from '../../src/selftest/case.ts';
import { execute } from '../../src/selftest/execute.ts';
import { type CaseResult, cases, runCases, runsOn, startupCases } from '../../src/selftest/run.ts';
import { knobs, state } from '../../src/selftest/structs.ts';
import { requestTestDevice } from '../support/gpu.ts';

let results: Map<number, CaseResult>;

// All at once, as the self-test does it: pipelines compile side by side.
beforeAll(async () => {
  const device = await requestTestDevice();
  const rows = await runCases(device, cases);
  results = new Map(cases.filter(runsOn(device)).map(({ seed }, i) => [seed, rows[i]!]));
});

test.for(cases.map((one) => [`${one.op}: ${one.shape}`, one.seed] as const))('%s', ([, seed], { skip }) => {
  const result = results.get(seed);
  if (!result) return skip('this adapter has no such subgroups');
  const { problems, passed, error, tolerance } = result;
  expect(problems).toEqual([]);
  expect(error).toBeLessThanOrEqual(tolerance);
  expect(passed).toBe(true);
});

const recorded = cases.map((one) => recordCase(one, (tensors) => new Recorder(tensors, one.tiles)));
const dispatches = recorded.flatMap(({ recorder }) => recorder.dispatches);

test('every kernel has a case', () => {
  const tested = new Set(dispatches.map(({ kernel }) => kernel));
  expect(kernelNames().filter((name) => !tested.has(name))).toEqual([]);
});

test('no two cases have the same name or the same seed', () => {
  expect(new Set(cases.map(({ op, shape }) => `${op} ${shape}`)).size).toBe(cases.length);
  expect(new Set(cases.map(({ seed }) => seed)).size).toBe(cases.length);
});

test('every pipeline keeps to the default limits', async () => {
  const library = new KernelLibrary(await requestTestDevice());
  for (const { kernel, specialisation } of dispatches) {
    const { slots, shape } = await library.get(kernel, specialisation);
    expect(slots.size, kernel).toBeLessThanOrEqual(8);
    expect(shape?.size ?? 0, kernel).toBeLessThanOrEqual(256);
  }
});

test('pair distances of the largest batch, more workgroups than one axis may have: those of the last image too', async () => {
  const [device, recorder, B, F] = [await requestTestDevice(), new Recorder(new Set()), 2048, 4];
  const z = filled(recorder, new Random(1), 'z', { replicas: 1, capacity: B, width: F });
  const distances = recorder.tensor('distances', contrastiveSizes(1, B).distances);
  pairDistances(recorder, { replicas: 1, batch: B, knobs: knobs(recorder, [{ batch: B, term: 1 }]), state: state(recorder, [{ lambda: 1 }]), z, distances, rows: recorder.placeholder('rows') });
  const [[words]] = await execute(device, new KernelLibrary(device), recorder, [distances]);
  const found = new Float32Array(words!.buffer);
  for (const i of [0, B - 1]) {
    for (let j = 0; j < B; j++) {
      const expected = [0, 1, 2, 3].reduce((sum, f) => sum + (z.values[i * F + f]! - z.values[j * F + f]!) ** 2, 0);
      expect(Math.abs(found[i * (B + 1) + j]! - expected), `${i}, ${j}`).toBeLessThan(1e-5 * (1 + expected));
    }
  }
});

test('a wrong number is reported with its place', async () => {
  const one = cases[0]!;
  const spoilt = {
    ...one,
    record: (...a: Parameters<typeof one.record>) => one.record(...a).map((output) => ({ ...output, expected: () => output.expected().map((value, i) => (i === 3 ? value + 0.5 : value)) as Float64Array })),
  };
  const [row] = await runCases(await requestTestDevice(), [spoilt]);
  expect(row!.passed).toBe(false);
  expect(row!.error).toBeGreaterThan(one.tolerance);
  expect(row!.problems[0]).toMatch(/^y: -?[\d.]+ at 3 where /);
});

test('start-up cases are few and among the others', () => {
  expect(startupCases.length).toBeLessThan(10);
  expect(startupCases.every((one) => one && cases.includes(one))).toBe(true);
});
