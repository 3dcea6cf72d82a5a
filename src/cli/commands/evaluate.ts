import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import type { z } from 'zod'
import { type Config, ConfigError } from '../../config.ts'
import { fittedTo } from '../../datasets/fitting.ts'
import { datasetOf } from '../../datasets/index.ts'
import { diagnosticOf, diagnostics, parseSettings } from '../../diagnostics/index.ts'
import { KernelLibrary } from '../../engine/kernel.ts'
import { decodeCheckpoint } from '../../lab/checkpoint.ts'
import { checkConfig } from '../../lab/data.ts'
import { Session } from '../../lab/session.ts'
import type { Measurement, Settings } from '../../panel.ts'
import type { LossByT } from '../../protocol.ts'
import { evaluateModel, isModel } from '../evaluate_model.ts'
import { CommandError } from '../failure.ts'
import { readBytes, readWith } from '../files.ts'
import { openMachine } from '../machine.ts'
import { figure, type OutputOptions, print, progressBar, spreadFigure, table } from '../output.ts'
import { type DataOptions, dataOptions, openData } from '../own_data.ts'
import { panelText } from '../panel_text.ts'
import { evaluatedAs, isEvaluation, nearTo, parseCount } from '../settings.ts'
import { collect, type MakeCommand } from './command.ts'

interface EvaluateOptions extends OutputOptions, DataOptions {
  what?: string
  set: string[]
  dataset?: string
  weights: string[]
  ask: string[]
  images?: string
  samples?: string
  extractor: string[]
}

/** Loss by noise level is part of every run and no diagnostic. */
const LOSS = 'loss'

/** Short for a diagnostic with some of its settings. */
const SHORT: Record<string, { id: string; settings: Settings }> = { kappa: { id: 'condition', settings: {} }, knn: { id: 'probe', settings: { neighbours: true } } }

export const evaluate: MakeCommand = done => dataOptions(new Command('evaluate'))
  .description('measure a stored run, or an ONNX model through onnxruntime: loss by noise level, condition numbers, probes, Jacobians')
  .argument('<run>', 'a checkpoint.npz, the folder of a run, or an .onnx model')
  .option('--what <names>', `comma-separated: ${[LOSS, ...Object.keys(diagnostics)].join(',')}; all when left out; kappa is short for condition, knn for probe with its nearest neighbours`)
  .option('--set <name.setting=value>', 'change a setting of a diagnostic, such as probe.labels=256, or how the run is evaluated, such as evaluate.guidance=2; may be given several times', collect, [])
  .option('--dataset <name>', 'of a model: the procedural data set to evaluate it on, where the file is not the lab’s own')
  .option('--images <number>', 'of a model: images with a label, and as many to ask about, for its features; 512 when left out')
  .option('--ask <key=value>', 'of a model: how it is asked where the file does not say, such as predicts=noise, path=ddpm, scale=999, zero=noise, range=unit, features=NAME; may be given several times', collect, [])
  .option('--weights <file>', 'of a model: a second file in which it keeps its weights; may be given several times', collect, [])
  .option('--samples <number>', 'of a model, with --what quality: samples that are compared with as many held-out images; 256 when left out')
  .option('--extractor <file>', 'of a model, with --what quality: an ONNX network whose features the samples are compared in as well (with Inception’s pool3 that is FID), then the files that hold its weights; may be given several times', collect, [])
  .option('--json', 'panels as JSON')
  .action(async (path: string, options: EvaluateOptions) => {
    if (!(existsSync(path) && statSync(path).isDirectory())) {
      const bytes = readBytes(path)
      if (isModel(bytes)) return ofModel(path, bytes, options).then(() => done(0))
    }
    const foreign = (['dataset', 'images', 'samples'] as const).find(name => options[name] !== undefined) ?? (['ask', 'weights', 'extractor'] as const).find(name => options[name].length > 0)
    if (foreign) throw new CommandError(`--${foreign} is for ONNX models, and ${path} is a run`)
    const settings = settingsBy(options.set.filter(text => !isEvaluation(text)))
    for (const { id, settings: own } of shortened(options.what)) settings[id] = { ...own, ...settings[id] }
    chosen(options.what) // its mistakes before anything takes time
    const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'checkpoint.npz') : path
    const own = await openData(options) // before a checkpoint that may name it
    const checkpoint = readWith(file, decodeCheckpoint)
    const measured = evaluatedAs(own ? { ...fittedTo(checkpoint.config, own), net: checkpoint.config.net } : checkpoint.config, options.set.filter(isEvaluation))
    const names = options.what === undefined ? possible(measured, settings) : chosen(options.what)
    const machine = await openMachine()
    let name = ''
    let bar = progressBar('measuring')
    const session = await Session.create(machine.device, new KernelLibrary(machine.device), file, measured, {
      checkpoint, breathe: () => new Promise(resolve => { setImmediate(resolve) }), measuring: (id, finished, total) => { if (id !== null) bar.update(finished, total, name) },
    })
    let loss: LossByT | undefined
    const measurements: Measurement[] = []
    try {
      for (name of names) {
        bar = progressBar('measuring')
        const measuring = name === LOSS ? session.evaluate().then(found => { loss = found }) : session.measure(name, settings[name] ?? {}).then(found => { measurements.push(found) })
        await Promise.race([measuring, machine.broken]).finally(() => bar.stop())
      }
    } catch (error) {
      if (error instanceof ConfigError || error instanceof RangeError) throw new CommandError(error.message)
      throw error
    }
    const { config, replicas } = session.tick()
    const labels = replicas.map(({ label }) => label)
    await session.destroy()
    await print(options, { checkpoint: file, step: checkpoint.step, adapter: machine.capabilities.adapter, config, labels, lossByT: loss, measurements }, () => [
      ...(loss ? [lossText(loss, labels)] : []), ...measurements.flatMap(({ panels }) => panels.map(panel => panelText(panel, labels))),
    ].join('\n\n'))
    done(0)
  })

async function ofModel(path: string, bytes: Uint8Array, options: EvaluateOptions): Promise<void> {
  if (options.set.length > 0) throw new CommandError('--set is for the diagnostics of runs; a model takes --images, --dataset and --ask')
  const own = await openData(options)
  if (own && options.dataset !== undefined) throw new CommandError('--data and --dataset both say what to evaluate on: give one')
  const images = options.images === undefined ? undefined : parseCount('--images', options.images, 16)
  const samples = options.samples === undefined ? undefined : parseCount('--samples', options.samples, 64)
  const found = await evaluateModel(path, bytes, { ...options, what: options.what, dataset: own?.id ?? options.dataset, images, samples }).catch((error: unknown) => {
    throw error instanceof ConfigError || error instanceof RangeError ? new CommandError(`${path}: ${error.message}`) : error
  })
  const { name, ran, reading, config, loss, panels } = found
  await print(options, { model: path, ran, reading, config, labels: [name], lossByT: loss, panels }, () => [
    `${name}, ${ran}`, ...(loss ? [lossText(loss, [name])] : []), ...panels.map(panel => panelText(panel, [name])),
  ].join('\n\n'))
}

/** All that goes with this run; of the others, why not. */
function possible(config: Config, settings: Record<string, Settings>): string[] {
  checkConfig(config)
  return chosen(undefined).filter(id => {
    const diagnostic = id === LOSS ? null : diagnosticOf(id)
    const reason = diagnostic?.refuse?.(config, datasetOf(config.data.dataset)!, parseSettings(diagnostic, settings[id] ?? {}))
    if (reason) process.stderr.write(`lab: ${diagnostic!.title} is left out: ${reason}\n`)
    return !reason
  })
}

function chosen(what: string | undefined): string[] {
  const all = [LOSS, ...Object.keys(diagnostics)]
  if (what === undefined) return all
  const known = [...all, ...Object.keys(SHORT)]
  const names = namesIn(what)
  const unknown = names.find(name => !known.includes(name))
  if (unknown !== undefined || names.length === 0) {
    const near = nearTo(unknown ?? '', known)
    throw new CommandError(`--what ${what}: there is no “${unknown ?? ''}”; ${near.length > 0 ? `near it: ${near.join(', ')}` : `there are ${known.join(', ')}`}`)
  }
  return [...new Set(names.map(name => SHORT[name]?.id ?? name))]
}

const namesIn = (what: string) => what.split(',').map(name => name.trim()).filter(Boolean)
const shortened = (what = '') => namesIn(what).flatMap(name => (Object.hasOwn(SHORT, name) ? [SHORT[name]] : []))

/** `name.setting=value`, by name, each checked against its diagnostic. @throws CommandError, ConfigError */
export function settingsBy(texts: readonly string[]): Record<string, Settings> {
  const result: Record<string, Settings> = {}
  for (const text of texts) {
    const [, id, field, raw] = /^([\w-]+)\.(\w+)=(.*)$/.exec(text) ?? []
    if (id === undefined) throw new CommandError(`--set ${text}: name.setting=value is expected, for example probe.labels=256`)
    const { settings } = diagnosticOf(id)
    if (!Object.hasOwn(settings.shape, field)) {
      const near = nearTo(field, Object.keys(settings.shape))
      throw new CommandError(`--set ${id}.${field}: there is no such setting; ${near.length > 0 ? `near it: ${near.join(', ')}` : `there are ${Object.keys(settings.shape).join(', ')}`}`)
    }
    result[id] = { ...result[id], [field]: valueFor(settings.shape[field] as z.ZodType, raw) }
  }
  for (const [id, settings] of Object.entries(result)) parseSettings(diagnosticOf(id), settings)
  return result
}

/** A single noise level is a text like several. */
function valueFor(field: z.ZodType, text: string): Settings[string] {
  const value = valueOf(text)
  return !field.safeParse(value).success && field.safeParse(text).success ? text : value
}

function valueOf(text: string): Settings[string] {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'number' || typeof value === 'boolean') return value
  } catch {
    // text stays text
  }
  return text
}

function lossText({ t, mean, standardError, floor, floors = [], count, step, notes = [] }: LossByT, labels: string[]): string {
  const columns = floor ? [{ title: 'floor', values: floor }] : floors.map(({ path, values }) => ({ title: `floor, ${path}`, values }))
  const rows = t.map((level, i) => [figure(level), ...labels.map((_, r) => spreadFigure(mean[r][i], standardError[r][i])), ...columns.map(({ values }) => figure(values[i]))])
  return `Held-out loss by noise level, step ${step}, ± standard error over ${count} images\n${[table([['t', ...labels, ...columns.map(({ title }) => title)], ...rows]), ...notes.map(note => `— ${note}`)].join('\n')}`
}
