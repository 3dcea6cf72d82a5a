/** What goes wrong in a terminal: one sentence on stderr and an exit code. */
import { ConfigError } from '../config.ts'
import { DeviceObstacle } from '../engine/device.ts'
import { KernelError } from '../engine/kernel.ts'

export const EXIT = {
  /** The lab could not do what was asked: no GPU, a kernel that is wrong, a run that diverged. */
  failed: 1,
  /** What was asked makes no sense. */
  usage: 2,
  /** Ctrl-C; what there was is saved. */
  interrupted: 130,
} as const

/** Ends the command with this sentence. */
export class CommandError extends Error {
  override name = 'CommandError'
  constructor(message: string, readonly exitCode: number = EXIT.usage) {
    super(message)
  }
}

/** Says what is wrong and returns the exit code. Only what no input should cause brings a stack along. */
export function explain(error: unknown): number {
  const say = (sentence: string) => process.stderr.write(`lab: ${sentence.replaceAll(/\s*\n\s*/g, ' ').trim()}\n`)
  if (error instanceof CommandError) {
    say(error.message)
    return error.exitCode
  }
  if (error instanceof ConfigError || error instanceof RangeError) {
    say(error.message)
    return EXIT.usage
  }
  if (error instanceof DeviceObstacle || error instanceof KernelError) {
    say(error.message)
    return EXIT.failed
  }
  process.stderr.write(`lab: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  return EXIT.failed
}
