import { Command } from 'commander'
import { parseConfig } from '../../config.ts'
import { KernelLibrary } from '../../engine/kernel.ts'
import { mebibytes } from '../../engine/recording.ts'
import { expectedTime } from '../../lab/expect.ts'
import { presets } from '../../lab/presets.ts'
import { planMemory } from '../../lab/plan.ts'
import { measureSpeed } from '../../lab/speed.ts'
import { presetTiles } from '../../lab/tune.ts'
import { EXIT } from '../failure.ts'
import { openMachine } from '../machine.ts'
import { figure, type OutputOptions, print, table } from '../output.ts'
import { versions } from '../record.ts'
import type { MakeCommand } from './command.ts'
import { asJson, testKernels } from './selftest.ts'

export const doctor: MakeCommand = done => new Command('doctor')
  .description('what this machine can do: its GPU, whether kernels give right numbers, which presets fit')
  .option('--full', 'every kernel case, not only the start-up ones')
  .option('--json', 'as JSON')
  .action(async (options: OutputOptions & { full?: boolean }) => {
    const machine = await openMachine()
    const { capabilities } = machine
    const rows = await testKernels(machine, options.full === true)
    const failed = rows.filter(row => !row.passed)
    const { device } = machine
    const speed = await measureSpeed(device, new KernelLibrary(device))
    const plans = presets.map(({ id, config: input }) => {
      const config = parseConfig(input)
      return { id, ...planMemory(config, capabilities.limits, presetTiles(device), run => expectedTime(run, config, speed)) }
    })
    await print(options, { versions: versions(), ...capabilities, selfTest: { passed: rows.length - failed.length, failed: failed.length, rows: asJson(rows) }, speed, presets: plans }, () => [
      `GPU       ${capabilities.adapter}${capabilities.software ? ' (software: correct, but slow)' : ''}`,
      `features  ${capabilities.features.join(', ') || 'none beyond the guaranteed ones'}`,
      ...Object.entries(capabilities.limits).map(([name, value]) => `limit     ${name} ${/Size$/.test(name) && value >= 2 ** 20 ? mebibytes(value) : value}`),
      `kernels   ${rows.length - failed.length} of ${rows.length} cases give right numbers, twice the same`,
      `speed     ${figure(speed.flops / 1e9)} GFLOP/s in a matrix product, ${figure(1e6 * speed.dispatch)} µs for a small dispatch`,
      ...failed.map(({ shape, problems }) => `FAILED    ${shape}: ${problems.join('; ')}`),
      table(plans.map(({ id, total, parameters, refusal, time }) => ['preset   ', id, refusal ? '–' : mebibytes(total), time?.about ?? '–', refusal ?? `fits; ${parameters.toLocaleString('en')} parameters a replica`])),
    ].join('\n'))
    if (failed.length > 0) {
      process.stderr.write(`lab: ${failed.length} of ${rows.length} kernel cases failed on this GPU\n`)
      done(EXIT.failed)
    }
  })
