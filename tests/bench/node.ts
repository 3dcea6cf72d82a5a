/** Measures in Node, on Dawn: the request is the first argument, the measurement is sent to the parent. */
import { create, globals } from 'webgpu'

Object.assign(globalThis, globals)
Object.defineProperty(globalThis, 'navigator', { value: { gpu: create([]), userAgent: 'Node' }, configurable: true })

const { measure } = await import('./measure.ts')
const measurement = await measure(JSON.parse(process.argv[2]))
process.send!(measurement, () => process.exit(0))
