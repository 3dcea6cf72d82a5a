import { afterEach } from 'vitest';
import { deviceErrors } from './gpu.ts';

// WebGPU reports a wrong call apart from the call; without this a test could pass on numbers left over in a buffer.
afterEach(() => {
  const errors = deviceErrors.splice(0);
  if (errors.length) throw new Error(`WebGPU reported: ${errors.join('\n')}`);
});
