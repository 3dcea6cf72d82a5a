// ⟨J v, u⟩ = ⟨v, Jᵀ u⟩ holds for every pair v, u if the backward is the adjoint of the forward, whatever either twin says: both sides here
// come from the GPU alone.
import { expect, test } from 'vitest';
import { KernelLibrary } from '../../src/engine/kernel.ts';
import { Recorder, type Tensor } from '../../src/engine/recorder.ts';
import { attention, attentionBackward } from '../../src/ops/attention.ts';
import { featureBackward, tokenMean } from '../../src/ops/features.ts';
import type { Activation } from '../../src/ops/linear.ts';
import { linear, linearBackward } from '../../src/ops/linear.ts';
import { paddedPatch, patchify, unpatchify, type PatchOrder } from '../../src/ops/patchify.ts';
import { Random } from '../../src/reference/random.ts';
import { blank, filled, given } from '../../src/selftest/case.ts';
import { execute } from '../../src/selftest/execute.ts';
import { requestTestDevice } from '../support/gpu.ts';

const replicas = 2;
const samples = 3;
const extent = { replicas, samples };

async function read(recorder: Recorder, ...tensors: Tensor[]): Promise<Float32Array[]> {
  const device = await requestTestDevice();
  const [words] = await execute(device, new KernelLibrary(device), recorder, tensors);
  return words!.map((each) => new Float32Array(each.buffer, each.byteOffset, each.length));
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): { sum: number; size: number } {
  let sum = 0;
  let size = 0;
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    sum += a[i]! * b[i]!;
    size += Math.abs(a[i]! * b[i]!);
  }
  return { sum, size };
}

/** Both products, within the rounding of their terms. */
function expectEqual(left: ReturnType<typeof dot>, right: ReturnType<typeof dot>): void {
  expect(Math.abs(left.sum)).toBeGreaterThan(0);
  expect(Math.abs(left.sum - right.sum) / Math.max(left.size, right.size)).toBeLessThan(1e-6);
}

test.each<[number, number, PatchOrder]>([[1, 3, 'cpp'], [2, 3, 'ppc'], [4, 1, 'cpp'], [4, 5, 'ppc'], [8, 2, 'ppc']])('patches of %i, %i channels, %s', async (patch, channels, order) => {
  const recorder = new Recorder(new Set());
  const random = new Random(1);
  const geometry = { channels, size: 16, patch };
  const pixels = { replicas, capacity: samples, width: channels * 256 };
  const tokens = { replicas, capacity: samples, rows: (16 / patch) ** 2, width: paddedPatch(geometry) };
  const v = filled(recorder, random, 'v', pixels);
  const u = filled(recorder, random, 'u', tokens);
  const [forward, back] = [blank(recorder, 'J v', tokens), blank(recorder, 'Jᵀ u', pixels)];
  patchify(recorder, extent, geometry, order, v.tensor, samples, forward);
  unpatchify(recorder, extent, geometry, order, u, back.tensor, samples);
  const [jv, jtu] = await read(recorder, forward.tensor, back.tensor);
  expectEqual(dot(jv!, u.values), dot(v.values, jtu!));
});

/** A layer without a bias at the start of the parameters; `length` leaves room that nobody may touch. */
function layer(recorder: Recorder, values: Float64Array, inputs: number, outputs: number) {
  const length = (inputs + 1) * outputs;
  const weights = given(recorder, 'w', { replicas, capacity: 1, width: length }, values.map((value, i) => (i % length < inputs * outputs ? value : 0)));
  return { weights, parameters: { tensor: weights.tensor, replicas, length }, layer: { offset: 0, inputs, outputs } };
}

test('matrix product: dx is the adjoint in x, dw in the weights', async () => {
  const recorder = new Recorder(new Set());
  const random = new Random(2);
  const [K, N, rows] = [20, 28, 5];
  const made = layer(recorder, random.normals(replicas * (K + 1) * N), K, N);
  const x = filled(recorder, random, 'x', { replicas, capacity: samples, rows, width: K });
  const u = filled(recorder, random, 'u', { replicas, capacity: samples, rows, width: N });
  const y = blank(recorder, 'y', { ...u, replicas });
  const dx = blank(recorder, 'dx', { ...x, replicas });
  const planes = recorder.tensor('planes', replicas * made.parameters.length);
  linear(recorder, extent, made.parameters, made.layer, x, y);
  linearBackward(recorder, extent, made.parameters, made.layer, { planes, slices: 1 }, x, u, dx);
  const [jv, jtu, dw] = await read(recorder, y.tensor, dx.tensor, planes);
  expectEqual(dot(jv!, u.values), dot(x.values, jtu!));
  expectEqual(dot(jv!, u.values), dot(made.weights.values, dw!)); // y is linear in the weights too, and the bias is zero
});

test('token mean: the adjoint spreads a gradient over the tokens', async () => {
  const recorder = new Recorder(new Set());
  const random = new Random(3);
  const [tokens, width] = [9, 20];
  const v = filled(recorder, random, 'v', { replicas, capacity: samples, rows: tokens, width });
  const u = filled(recorder, random, 'u', { replicas, capacity: samples, width });
  const z = blank(recorder, 'z', { ...u, replicas });
  const [dx, dbranch] = ['dx', 'dbranch'].map((name) => blank(recorder, name, { ...v, replicas })) as [Activation, Activation];
  tokenMean(recorder, extent, v, z);
  featureBackward(recorder, extent, 0, true, u, filled(recorder, random, 'modulation', { replicas, capacity: samples, width }), 0, dx, dbranch);
  const [jv, jtu] = await read(recorder, z.tensor, dx.tensor);
  expectEqual(dot(jv!, u.values), dot(v.values, jtu!));
});

test('attention is linear in the values, and dV is its adjoint', async () => {
  const recorder = new Recorder(new Set());
  const random = new Random(4);
  const [tokens, heads, width] = [9, 2, 16];
  const qkv = filled(recorder, random, 'qkv', { replicas, capacity: samples, rows: tokens, width: 3 * width });
  const u = filled(recorder, random, 'u', { replicas, capacity: samples, rows: tokens, width });
  const out = blank(recorder, 'out', { ...u, replicas });
  const dqkv = blank(recorder, 'dqkv', { ...qkv, replicas });
  const [lse, delta] = ['lse', 'delta'].map((name) => recorder.tensor(name, replicas * samples * heads * tokens)) as [Tensor, Tensor];
  attention(recorder, extent, heads, qkv, out, lse);
  attentionBackward(recorder, extent, heads, qkv, out, lse, u, dqkv, delta);
  const [jv, gradient] = await read(recorder, out.tensor, dqkv.tensor);
  const isValue = (i: number) => i % (3 * width) >= 2 * width;
  expectEqual(dot(jv!, u.values), dot(qkv.values.filter((_, i) => isValue(i)), gradient!.filter((_, i) => isValue(i))));
});
