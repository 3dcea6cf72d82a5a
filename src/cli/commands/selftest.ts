import { Command } from 'commander'
import { type CaseResult, cases, runCases, startupCases } from '../../selftest/run.ts'
import { EXIT } from '../failure.ts'
import { type Machine, openMachine } from '../machine.ts'
import { type OutputOptions, print, progressBar, table } from '../output.ts'
import type { MakeCommand } from './command.ts'

/** The start-up cases, or the whole table. */
export async function testKernels(machine: Machine, full: boolean): Promise<CaseResult[]> {
  const bar = progressBar('self-test')
  try {
    return await Promise.race([runCases(machine.device, full ? cases : startupCases, (done, total) => bar.update(done, total)), machine.broken])
  } finally {
    bar.stop()
  }
}

/** Infinity is no JSON; a case that gave no number at all has no error to show. */
export const asJson = (rows: CaseResult[]) => rows.map(row => ({ ...row, error: Number.isFinite(row.error) ? row.error : null }))

export const selftest: MakeCommand = done => new Command('selftest')
  .description('every kernel on this GPU against its float64 twin')
  .option('--json', 'rows as JSON')
  .action(async (options: OutputOptions) => {
    const machine = await openMachine()
    const rows = await testKernels(machine, true)
    const failed = rows.filter(row => !row.passed)
    await print(options, { adapter: machine.capabilities.adapter, passed: rows.length - failed.length, failed: failed.length, rows: asJson(rows) }, () => [
      table([
        ['', 'error', 'tolerance', 'kernel', 'case'],
        ...rows.map(({ passed, error, tolerance, kernel, shape }) => [passed ? 'ok' : 'FAILED', error.toExponential(1), tolerance.toExponential(1), kernel, shape]),
      ]),
      ...failed.map(({ shape, problems }) => `${shape}: ${problems.join('; ')}`),
      `${rows.length - failed.length} passed, ${failed.length} failed on ${machine.capabilities.adapter}`,
    ].join('\n'))
    if (failed.length > 0) {
      process.stderr.write(`lab: ${failed.length} of ${rows.length} kernel cases failed on this GPU\n`)
      done(EXIT.failed)
    }
  })
