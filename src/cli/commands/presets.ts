import { Command } from 'commander'
import { parseConfig } from '../../config.ts'
import { presets } from '../../lab/presets.ts'
import { type OutputOptions, print, table } from '../output.ts'
import type { MakeCommand } from './command.ts'

export const listPresets: MakeCommand = () => new Command('presets')
  .description('list the starting points')
  .option('--json', 'whole configs as JSON')
  .action(async (options: OutputOptions) => {
    const whole = presets.map(({ id, title, notice, config }) => ({ id, title, notice, config: parseConfig(config) }))
    await print(options, whole, () => table(whole.map(({ id, title, notice }) => [id, title, notice])))
  })
