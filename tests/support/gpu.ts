import { create, globals } from 'webgpu';
import { pollSeldom } from '../../src/cli/poll.ts';
import { isSoftwareAdapter } from '../../src/engine/device.ts';

// The modules of a test file are loaded anew for each file, the process is shared: the device lives on the process.
const shared = globalThis as typeof globalThis & { testDevice?: Promise<GPUDevice>; testDeviceErrors?: string[]; testGpu?: GPU };

Object.assign(globalThis, globals); // GPUBufferUsage, GPUMapMode ...

/** Messages of errors that no error scope caught; the setup file fails the test during which they came. */
export const deviceErrors: string[] = (shared.testDeviceErrors ??= []);

/** One device for the whole process, with every optional feature that a kernel variant may use. */
export function requestTestDevice(): Promise<GPUDevice> {
  return (shared.testDevice ??= openTestDevice());
}

/** Another one, for whoever destroys it. */
export async function openTestDevice(): Promise<GPUDevice> {
  // Kept for the life of the process: once the instance is collected, Dawn's threads lock freed mutexes and the process dies.
  shared.testGpu ??= create([]);
  const adapter = await shared.testGpu.requestAdapter();
  if (!adapter) {
    throw new Error('No WebGPU adapter in Node: install Chromium (its SwiftShader driver is enough), or set VK_ICD_FILENAMES to a Vulkan driver.');
  }
  if (isSoftwareAdapter(adapter.info)) pollSeldom();
  const wanted: GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query'];
  const device = await adapter.requestDevice({ requiredFeatures: wanted.filter((name) => adapter.features.has(name)) });
  device.addEventListener('uncapturederror', (event) => deviceErrors.push((event as GPUUncapturedErrorEvent).error.message));
  return device;
}
