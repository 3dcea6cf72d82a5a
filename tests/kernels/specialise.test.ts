import { expect, test, vi } from 'vitest';
import { KernelError, KernelLibrary } from '../../src/engine/kernel.ts';
import { kernelNames, shaderSource, specialise } from '../../src/engine/specialise.ts';
import { requestTestDevice } from '../support/gpu.ts';

test('an unknown file, constant or include throws', () => {
  expect(() => specialise('matmul')).toThrow('there is no kernel file shaders/matmul.wgsl');
  expect(() => specialise('matmul_nn', { constants: { TILE: 2 } })).toThrow('matmul_nn.wgsl has no specialised constant TILE');
  expect(() => specialise('matmul_nn', { includes: { 'lib/store_gate.wgsl': 'lib/store_bias.wgsl' } })).toThrow('does not include lib/store_gate.wgsl');
  expect(() => specialise('matmul_nn', { includes: { 'lib/store_bias.wgsl': 'lib/none.wgsl' } })).toThrow('there is no kernel file shaders/lib/none.wgsl');
  // A constant that is not marked is not a caller's to set.
  expect(() => specialise('gradient_reduce', { constants: { LANES: 32 } })).toThrow('no specialised constant LANES');
});

test('a constant keeps its suffix', () => {
  expect(specialise('matmul_nn', { constants: { TILE_ROWS: 3 } })).toContain('const TILE_ROWS = 3u;');
  expect(specialise('matmul_nn')).toContain('const TILE_ROWS = 4u;');
});

test('a file included twice comes once', () => {
  const text = specialise('adamw', { includes: { 'lib/state.wgsl': 'lib/knobs.wgsl' } });
  expect(text.match(/^struct Knobs/gm)).toHaveLength(1);
  expect(text).not.toMatch(/^\/\/ #include/m);
});

/** Loops marked for unrolling, as (variable, bound). */
const marked = (text: string) => [...text.matchAll(/\/\*unroll\*\/ for \(var (\w+) = \w+; \1 < (\w+);/g)].map((match) => [match[1]!, match[2]!] as const);

test.each(kernelNames().filter((name) => marked(shaderSource(name)).length > 0))('%s: no unrolled loop is left, nor its variable', (name) => {
  const text = specialise(name);
  expect(marked(text)).toEqual([]);
  expect(text).not.toContain('/*unroll*/');
  for (const [, bound] of marked(shaderSource(name))) expect(text).not.toMatch(new RegExp(`< ${bound};`));
  // A variable that also counts an ordinary loop may stay; one that does not must be gone but for comments.
  const code = text.replace(/\/\/.*$/gm, '');
  const ordinary = new Set([...code.matchAll(/(?:for \(var|let|var) (\w+)\b/g)].map((match) => match[1]!));
  for (const [variable] of marked(shaderSource(name))) if (!ordinary.has(variable)) expect(code, variable).not.toMatch(new RegExp(`(?<![.\\w])${variable}\\b`));
});

test('copies of a loop take the literal everywhere', () => {
  const text = specialise('attention', { constants: { HEAD: 2, QUERIES: 1 } });
  expect(text).toContain('q[0u * HEAD + 0u]');
  expect(text).toContain('q[0u * HEAD + 1u]');
  expect(text).not.toContain('HEAD + 2u]');
});

test.each(kernelNames())('%s compiles as it stands', async (name) => {
  const device = await requestTestDevice();
  const kernel = await new KernelLibrary(device).get(name, {});
  expect(kernel.name).toBe(name);
  expect(kernel.slots.size).toBeLessThanOrEqual(device.limits.maxStorageBuffersPerShaderStage);
});

test('the same text is compiled once', async () => {
  const library = new KernelLibrary(await requestTestDevice());
  const first = await library.get('solver_combine', {});
  expect(await library.get('solver_combine', {})).toBe(first);
  expect(await library.get('patchify', { constants: { ORDER: 0 } })).toBe(await library.get('patchify', {}));
  expect(library.count).toBe(2);
});

test('what failed to compile is tried again when it is asked for again', async () => {
  const device = await requestTestDevice();
  const library = new KernelLibrary(device);
  const failing = vi.spyOn(device, 'createComputePipelineAsync').mockRejectedValueOnce(new Error('the driver had no memory'));
  try {
    await expect(library.get('solver_combine', {})).rejects.toThrow('kernel solver_combine: the driver had no memory');
  } finally {
    failing.mockRestore();
  }
  expect((await library.get('solver_combine', {})).name).toBe('solver_combine');
});

test('a compile error names the kernel, the line and the message', async () => {
  const device = await requestTestDevice();
  const failure = async () => {
    device.pushErrorScope('validation'); // the module's own report of the same error
    const error: unknown = await new KernelLibrary(device).get('matmul_nn', { includes: { 'lib/store_bias.wgsl': 'lib/trigonometry.wgsl' } }).catch((reason: unknown) => reason);
    await device.popErrorScope();
    return error;
  };
  const error = await failure();
  expect(error).toBeInstanceOf(KernelError);
  const { message } = error as KernelError;
  expect(message).toMatch(/^kernel matmul_nn, line \d+: .*'(shape|store)'.* — /);
  const line = Number(/line (\d+)/.exec(message)![1]);
  const quoted = message.slice(message.indexOf(' — ') + 3);
  const text = specialise('matmul_nn', { includes: { 'lib/store_bias.wgsl': 'lib/trigonometry.wgsl' } });
  expect(text.split('\n')[line - 1]).toContain(quoted);
});
