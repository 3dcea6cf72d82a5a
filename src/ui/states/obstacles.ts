/** Why no training is possible, and what to do about it. Browser versions go stale: keep them here and nowhere else. */
import type { Obstacle } from '../../protocol.ts'

export interface ObstacleWords {
  headline: string
  advice: string[]
}

/** As of the WebGPU implementation status of April 2026. */
const browsers =
  'WebGPU runs in Chrome and Edge 113 or later on Windows, macOS and ChromeOS, Chrome 121 or later on Android, Safari 26 or later, Firefox 141 or later on Windows and 147 or later on Macs with Apple silicon; on Linux in Chrome 144 or later with recent Intel or NVIDIA drivers.'

export const obstacleWords: Record<Obstacle, ObstacleWords> = {
  insecure: {
    headline: 'WebGPU needs https or localhost.',
    advice: ['This page came over a plain http connection, where browsers keep the GPU locked. Open the same address with https, or serve it from localhost.'],
  },
  'no-webgpu': {
    headline: 'This browser has no WebGPU, so nothing can be trained here.',
    advice: [browsers, 'Everything else on this page works without it: the whole lesson with the recorded run, the floor no model can beat, and the explanations.'],
  },
  'no-adapter': {
    headline: 'Your browser supports WebGPU but offered no GPU.',
    advice: [
      'Turn on “Use graphics acceleration when available” in the browser’s system settings and restart it; update the graphics driver; close other tabs that use the GPU.',
      'On Linux, Chrome may need to be started with --enable-unsafe-webgpu --enable-features=Vulkan. A software adapter (--use-webgpu-adapter=swiftshader) works too, slowly.',
    ],
  },
  limits: {
    headline: 'This GPU is too small for the lab.',
    advice: ['Another device, or another browser on this one, may allow more. What is missing stands below.'],
  },
  'self-test': {
    headline: 'The GPU returned wrong numbers. Training is off to protect your results.',
    advice: ['A driver update or another browser often helps. The self-test shows which kernel failed; please report it with the details below.'],
  },
}
