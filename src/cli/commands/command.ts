/** How a command hands over its exit code. */
import type { Command } from 'commander'

export type Done = (exitCode: number) => void

export type MakeCommand = (done: Done) => Command

/** For options that may be given several times. */
export const collect = (value: string, before: string[]) => [...before, value]
