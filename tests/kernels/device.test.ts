import { expect, test, vi } from 'vitest';
import { isSoftware, lanesOf } from '../../src/engine/device.ts';
import { Recorder } from '../../src/engine/recorder.ts';
import { Buffers } from '../../src/engine/recording.ts';
import { settled } from '../../src/engine/settled.ts';
import { shaderSource } from '../../src/engine/specialise.ts';
import { countCalls } from '../support/count_calls.ts';
import { requestTestDevice } from '../support/gpu.ts';

/** What 64 floats become by the entry point `main` of this code, bound at 0 as `x`. */
async function computed(code: string, floats: Float32Array): Promise<number[]> {
  const device = await requestTestDevice();
  const module = device.createShaderModule({ code: `@group(0) @binding(0) var<storage, read_write> x: array<f32>;\n${code}` });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const size = 256;
  const buffer = device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
  const staging = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(buffer, 0, floats as Float32Array<ArrayBuffer>);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const result = [...new Float32Array(staging.getMappedRange().slice(0))];
  buffer.destroy();
  staging.destroy();
  return result;
}

const indices = Float32Array.from({ length: 64 }, (_, i) => i);

test('a compute pass on the test device returns right numbers', async () => {
  const result = await computed('@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { x[id.x] = 2.0 * x[id.x] + 1.0; }', indices);
  expect(result).toEqual([...indices.map((i) => 2 * i + 1)]);
});

test('normals are numbers for the largest words too, where a logarithm errs as far as WGSL allows', async () => {
  const library = ['lib/trigonometry.wgsl', 'lib/philox.wgsl'].map(shaderSource).join('\n');
  const result = await computed(`${library.replaceAll(' log(', ' high_log(')}
    fn high_log(u: vec2f) -> vec2f { return log(u) + 4.7683716e-7; }  // 2^-21
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { x[id.x] = normals(vec4u(0xffffffffu - (u32(x[id.x]) << 9u)))[id.x % 4u]; }`, indices);
  expect(result.every(Number.isFinite), String(result)).toBe(true);
});

test('waiting submits nothing, but where the browser looks seldom it makes it look until the work is done', async () => {
  const device = await requestTestDevice();
  const work = () => device.queue.onSubmittedWorkDone();
  const plain = await countCalls(() => settled(device, work(), false));
  expect(plain.counts.submit).toBe(0);
  const submit = vi.spyOn(device.queue, 'submit');
  const looks = () => submit.mock.calls.length;
  try {
    // Done only once it has been made to look several times.
    expect(await settled(device, vi.waitFor(() => { expect(looks()).toBeGreaterThan(2); return 'done'; }), true)).toBe('done');
    const before = looks();
    await work();
    expect(looks()).toBe(before);
  } finally {
    submit.mockRestore();
  }
  await expect(settled(device, Promise.reject(new Error('lost')), true)).rejects.toThrow('lost');
});

test('a tensor above what one binding may hold is refused before anything is made', async () => {
  const device = await requestTestDevice();
  const recorder = new Recorder(new Set());
  recorder.tensor('small', 4);
  recorder.tensor('features', (device.limits.maxStorageBufferBindingSize + 2 ** 20) / 4);
  const { result, counts } = await countCalls(() => Buffers.allocate(device, recorder.tensors).catch((error: unknown) => error));
  expect(result).toEqual(new RangeError('“features” needs 129 MiB in one buffer and this GPU allows 128 MiB'));
  expect(counts.createBuffer).toBe(0);
});

test('values that cannot be made leave no buffer and no error scope behind', async () => {
  const device = await requestTestDevice();
  const recorder = new Recorder(new Set());
  recorder.computed('table', 4, () => { throw new RangeError('no such path'); });
  recorder.tensor('other', 4);
  const { counts } = await countCalls(() => expect(Buffers.allocate(device, recorder.tensors)).rejects.toThrow('no such path'));
  expect([counts.createBuffer, counts.destroy]).toEqual([2, 2]);
  await expect(device.popErrorScope()).rejects.toThrow();
});

test('subgroups share loads where all of them are large enough; a browser that does not tell has none and no software', () => {
  const info = (subgroupMinSize: number, description = '') => ({ vendor: 'mesa', architecture: '', device: '', description, subgroupMinSize, subgroupMaxSize: 64, isFallbackAdapter: false }) as unknown as GPUAdapterInfo;
  const features = new Set(['subgroups']);
  expect([2, 4, 8, 32].map((least) => lanesOf({ features, adapterInfo: info(least) }))).toEqual([0, 4, 8, 8]);
  expect(lanesOf({ features: new Set(), adapterInfo: info(8) })).toBe(0);
  expect(lanesOf({ features })).toBe(0);
  expect([{ features }, { features, adapterInfo: info(8) }, { features, adapterInfo: info(8, 'llvmpipe: Mesa') }].map(isSoftware)).toEqual([false, false, true]);
});
