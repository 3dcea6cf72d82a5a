/**
 * What our own options cost, on the default preset with its batch drawn on the GPU: LCF over FM at T_min = .1, and more replicas. The variants
 * take turns in one process, so that a busy machine slows all of them alike; what counts is the ratio.
 */
import { type ConfigInput, parseConfig } from '../../src/config.ts'
import { findDevice } from '../../src/engine/device.ts'
import { KernelLibrary } from '../../src/engine/kernel.ts'
import { generateData } from '../../src/lab/data.ts'
import { recordRun } from '../../src/lab/plan.ts'
import { presetTiles } from '../../src/lab/tune.ts'
import { Trainer } from '../../src/lab/trainer.ts'

const VARIANTS: { name: string; replicas: ConfigInput['replicas'] }[] = [
  { name: 'FM', replicas: [{ method: 'fm' }] },
  { name: 'LCF, T_min 0.1', replicas: [{ method: 'lcf', tMin: 0.1 }] },
  { name: 'FM, 2 replicas', replicas: [{ method: 'fm' }, { method: 'fm', seed: 1 }] },
  { name: 'FM, 4 replicas', replicas: [0, 1, 2, 3].map(seed => ({ method: 'fm', seed })) },
]
const STEPS = 4

export interface OwnMeasurement {
  adapter: { vendor: string; architecture: string; description: string }
  variants: { name: string; dispatches: number; stepMs: number[] }[]
}

/** At most `rounds` turns each, none begun after `seconds`, but always three. */
export async function measureOwn(rounds: number, seconds: number): Promise<OwnMeasurement> {
  const adapter = (await navigator.gpu.requestAdapter())!
  const { device } = await findDevice(navigator.gpu)
  const library = new KernelLibrary(device)
  const trainers: Trainer[] = []
  for (const { replicas } of VARIANTS) {
    const config = parseConfig({ data: { count: 1024, heldOut: 64 }, replicas })
    trainers.push(await Trainer.create(device, library, config, await generateData(config), recordRun(config, presetTiles(device))))
  }
  const variants = VARIANTS.map(({ name }, i) => ({ name, dispatches: trainers[i].dispatchesPerStep, stepMs: [] as number[] }))
  const deadline = performance.now() + 1000 * seconds
  for (let round = 0; round <= rounds && (round <= 3 || performance.now() < deadline); round++) {
    for (const [i, trainer] of trainers.entries()) {
      const start = performance.now()
      trainer.submitSteps(STEPS, true)
      await device.queue.onSubmittedWorkDone()
      if (round > 0) variants[i].stepMs.push((performance.now() - start) / STEPS)
    }
  }
  const { vendor, architecture, description } = adapter.info
  return { adapter: { vendor, architecture, description }, variants }
}
