/** The lab in a terminal: `npm run lab -- <command>`. One file per command in commands/. */
import { Command, CommanderError } from 'commander'
import packageFile from '../../package.json'
import { classifier } from './commands/classifier.ts'
import { doctor } from './commands/doctor.ts'
import { evaluate } from './commands/evaluate.ts'
import { exportCommand } from './commands/export.ts'
import { fork } from './commands/fork.ts'
import { importCommand } from './commands/import.ts'
import { inspect } from './commands/inspect.ts'
import { kappa } from './commands/kappa.ts'
import { listPresets } from './commands/presets.ts'
import { reproduce } from './commands/reproduce.ts'
import { sample } from './commands/sample.ts'
import { selftest } from './commands/selftest.ts'
import { step } from './commands/step.ts'
import { train } from './commands/train.ts'
import { EXIT, explain } from './failure.ts'

const program = new Command('lab')
  .description('Trains small diffusion transformers with hand-written WGSL, here in Node as in the browser.')
  .version(packageFile.version)
  .showSuggestionAfterError()
  .configureOutput({ outputError: (text, write) => write(`lab: ${text.replace(/^error: /, '').trim().replaceAll(/\s*\n\s*/g, ' ')}\n`) })
  .exitOverride()

let status = 0
for (const command of [doctor, selftest, listPresets, train, fork, step, evaluate, sample, kappa, reproduce, exportCommand, importCommand, inspect, classifier]) program.addCommand(command(code => { status = code }).copyInheritedSettings(program))

try {
  await program.parseAsync()
} catch (error) {
  // Commander has said itself what is wrong; its help and version end this way too.
  status = error instanceof CommanderError ? (error.exitCode === 0 ? 0 : EXIT.usage) : explain(error)
}
// Dawn's threads keep Node alive.
process.exit(status)
